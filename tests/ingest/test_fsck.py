from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from sessions import bodies, fsck, fulltext
from sessions.fulltext.base import Phrase, Words
from sessions.ingest import reword
from sessions.models import Frame, SearchBlock, SearchCounter, Session, Source, Strand
from tests.ingest.world import World, said, texts


@pytest.fixture
def stored(world: World, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Return a session whose events fill several frames."""
    monkeypatch.setattr("sessions.ingest.frames.FRAME_BYTES", 2_000)
    world.write(*[said(number, f"message {number} " + "word " * 100) for number in range(20)])
    world.index()
    return Session.objects.get()


def body(session: Session) -> Path:
    return Path(settings.OPENSESSION_DATA_DIR) / "bodies" / session.strands.get().body


def test_it_works(stored: Session) -> None:
    checked = fsck.check()
    assert (checked.sessions, checked.findings) == (1, [])
    assert checked.frames == Frame.objects.count() > 3


def test_it_cuts_off_what_a_crash_left_behind_a_body(stored: Session) -> None:
    whole = body(stored).read_bytes()
    body(stored).write_bytes(whole + b"half a frame")
    assert "cut off" in fsck.check().findings[0].what
    assert body(stored).read_bytes() == whole
    assert fsck.check().findings == []


def test_it_removes_a_body_that_belongs_to_nobody(stored: Session) -> None:
    orphan = body(stored).parent.parent / "00" / "orphan.zst"
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"left over")
    assert "belonged to no session" in fsck.check().findings[0].what
    assert not orphan.exists()


@pytest.mark.parametrize("damage", ["gone", "short", "flipped"])
def test_it_has_a_damaged_session_read_again(world: World, stored: Session, damage: str) -> None:
    file = body(stored)
    content = file.read_bytes()
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(content[:-10] if damage == "short" else content[:40] + bytes(20) + content[60:])
    (finding, *_) = fsck.check().findings
    assert "run `manage.py index`" in finding.what
    assert not finding.lost
    world.index()
    assert len(texts(Session.objects.get())) == 20
    assert fsck.check().findings == []


def test_it_says_what_is_lost(world: World, stored: Session) -> None:
    body(stored).unlink()
    world.log().unlink()
    Source.objects.update(is_missing=True)
    with pytest.raises(CommandError, match="something is lost"):
        call_command("fsck")


def test_it_finds_a_gap(stored: Session) -> None:
    Frame.objects.get(n=1).delete()
    assert "has a gap before frame 2" in fsck.check().findings[0].what


def test_reading_names_a_missing_body(stored: Session) -> None:
    body(stored).unlink()
    with pytest.raises(bodies.BodyMissing, match=r"run `manage.py fsck`"):
        bodies.window(Strand.objects.get(), 0, 5)


def test_reading_names_a_damaged_body(stored: Session) -> None:
    content = body(stored).read_bytes()
    body(stored).write_bytes(bytes(len(content)))
    with pytest.raises(bodies.BodyMissing, match=r"is damaged in frame 0 .* run `manage.py fsck`"):
        bodies.window(Strand.objects.get(), 0, 5)


def test_it_finds_words_that_were_never_indexed(stored: Session) -> None:
    SearchBlock.objects.all().delete()
    assert "it lacks whole strands" in fsck.check().findings[0].what
    assert SearchBlock.objects.exists()
    assert fsck.check().findings == []


def test_a_rebuilding_that_was_killed_stays_due(stored: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(_strand: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(reword, "write_words", die)
        with pytest.raises(KeyboardInterrupt):
            reword.rebuild()
    assert reword.is_due()
    reword.rebuild()
    assert not reword.is_due()


def test_it_clears_an_index_that_is_mostly_dead(stored: Session) -> None:
    SearchCounter.objects.update(dead_rows=reword.MANY_DEAD + 1)
    assert "most of it stands for nothing" in fsck.check().findings[0].what
    assert SearchCounter.objects.get().dead_rows == 0


def test_a_damaged_session_costs_only_its_own_words(world: World, stored: Session) -> None:
    world.write(said(0, "zebra", session="other"), session="other")
    world.index()
    body(stored).unlink()
    reword.rebuild()
    with connection.cursor() as cursor:
        assert len(fulltext.engine().rows(cursor, Words((Phrase("zebra"),)), 10)) == 2


def test_a_copy_takes_the_place_of_a_damaged_strand(world: World, stored: Session) -> None:
    world.log().with_name("copy.jsonl").write_bytes(world.log().read_bytes())
    world.index()
    live = Strand.objects.get(is_live=True)
    (Path(settings.OPENSESSION_DATA_DIR) / "bodies" / live.body).unlink()
    fsck.check()
    assert len(texts(Session.objects.get())) == 20
