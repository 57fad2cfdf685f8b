"""Documents are read whole, and only what changed in them is stored anew."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from sessions import bodies
from sessions.models import RawCopy, Session, Source, Strand
from sessions.services import remove, restore
from tests.golden import FIXTURES, laid_out
from tests.ingest.world import World, everything
from tests.parsers.databases import run

CONTINUE = FIXTURES / "continue" / "0f8b2a6e-1c3d-4e5f-8a9b-0c1d2e3f4a5b.json"


@pytest.fixture
def goose(world: World) -> Path:
    """Return a database of several sessions, where Goose keeps it."""
    made = laid_out("goose", world.home / "made") / "sessions.db"
    target = world.home / ".local" / "share" / "goose" / "sessions" / "sessions.db"
    target.parent.mkdir(parents=True)
    return Path(shutil.move(made, target))


@pytest.fixture
def document(world: World) -> Path:
    """Return a session that Continue keeps as one JSON file."""
    target = world.home / ".continue" / "sessions" / CONTINUE.name
    target.parent.mkdir(parents=True)
    return Path(shutil.copyfile(CONTINUE, target))


def touch(path: Path) -> None:
    """Change a file without changing what it says, not even by when it was written."""
    write(path, path.read_bytes() + b"\n")


def write(path: Path, content: bytes) -> None:
    written_at = path.stat().st_mtime_ns
    path.write_bytes(content)
    os.utime(path, ns=(written_at + 1, written_at + 1))


def test_it_works(world: World, goose: Path) -> None:
    report = world.index()
    assert len(report.new) == Session.objects.filter(tool="goose").count() > 1
    assert all(list(bodies.merged(session)) for session in Session.objects.all())
    assert report.files_opened == 1


def test_it_opens_nothing_when_nothing_changed(world: World, goose: Path, document: Path) -> None:
    world.index()
    before = everything()
    report = world.index()
    assert (report.files_opened, report.bytes_read, report.transactions) == (0, 0, 0)
    assert everything() == before


def test_it_reads_only_the_session_that_changed(world: World, goose: Path) -> None:
    world.index()
    generations = dict(Strand.objects.values_list("session__hail_id", "generation"))
    changed = min(generations)
    run(goose, "UPDATE sessions SET updated_at = '2027-01-01', description = 'taxes', name = '' WHERE id = ?", changed)
    report = world.index()
    assert (report.files_opened, len(report.updated)) == (1, 1)
    assert dict(Strand.objects.values_list("session__hail_id", "generation")) == {**generations, changed: 1}


def test_it_stores_no_session_anew_whose_mark_alone_changed(world: World, goose: Path) -> None:
    world.index()
    before = dict(Strand.objects.values_list("session__hail_id", "tail"))
    changed = min(before)
    run(goose, "UPDATE sessions SET updated_at = '2027-01-01' WHERE id = ?", changed)
    assert not world.index().updated
    after = dict(Strand.objects.values_list("session__hail_id", "tail"))
    assert {session for session, tail in after.items() if tail != before[session]} == {changed}
    assert set(Strand.objects.values_list("generation", flat=True)) == {0}


def test_it_keeps_a_session_that_the_agent_deleted(world: World, goose: Path) -> None:
    world.index()
    gone = Session.objects.order_by("hail_id").first()
    assert gone is not None
    run(goose, "DELETE FROM sessions WHERE id = ?", gone.hail_id)
    world.index()
    assert set(Session.objects.filter(source_missing=True)) == {gone}
    assert list(bodies.merged(gone))


def test_a_database_that_is_gone_takes_all_its_sessions_with_it(world: World, goose: Path) -> None:
    world.index()
    goose.unlink()
    world.index()
    assert not Session.objects.filter(source_missing=False).exists()


def test_a_removed_session_stays_removed_until_it_is_restored(world: World, goose: Path) -> None:
    world.index()
    count = Session.objects.count()
    session = Session.objects.order_by("hail_id").first()
    assert session is not None
    remove(session=session)
    world.index()
    assert Session.objects.count() == count - 1
    restore(reference=session.hail_id)
    world.index()
    assert Session.objects.count() == count


def test_a_rewrite_that_says_the_same_changes_nothing(world: World, document: Path) -> None:
    world.index()
    before = everything()
    touch(document)
    report = world.index()
    assert (report.files_opened, len(report.updated)) == (1, 0)
    assert {key: row[:-2] for key, row in everything().items()} == {key: row[:-2] for key, row in before.items()}


def test_a_half_written_document_heals(world: World, document: Path) -> None:
    world.index()
    before = everything()
    whole = document.read_bytes()
    write(document, whole[: len(whole) // 2])
    assert world.index().failed == 1
    assert everything() == before
    assert Source.objects.get(locator="").failure
    assert world.index().files_opened == 0
    write(document, whole)
    world.index()
    assert everything() == before
    assert not Source.objects.get(locator="").failure


def test_a_document_that_grew_replaces_what_was_read(world: World, document: Path) -> None:
    world.index()
    events = Session.objects.get().event_count
    said = json.loads(document.read_bytes())
    said["history"].append({"message": {"role": "user", "content": "one more thing"}})
    document.write_text(json.dumps(said))
    world.index()
    assert Session.objects.get().event_count == events + 1
    assert Strand.objects.get().generation == 1


def test_a_side_file_counts_as_a_change(world: World) -> None:
    shutil.copytree(FIXTURES / "opencode" / "storage", world.home / ".local" / "share" / "opencode" / "storage")
    for golden in world.home.rglob("*.hail.jsonl"):
        golden.unlink()
    world.index()
    touch(max(world.home.rglob("message/ses_shop/*.json")))
    assert world.index().files_opened == 1


def test_it_keeps_the_bytes_of_a_document(world: World, document: Path) -> None:
    world.index(keep_raw=True)
    assert RawCopy.objects.get().length == document.stat().st_size
    said = json.loads(document.read_bytes())
    said["title"] = "another title"
    document.write_text(json.dumps(said))
    world.index(keep_raw=True)
    assert RawCopy.objects.get().length == document.stat().st_size
