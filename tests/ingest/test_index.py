from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sessions.models import Session, Strand, Tombstone
from sessions.services import remove, restore
from tests.ingest.world import SESSION, World, answered, ran, said, texts

OTHER = "9d2c8f7a-0b1c-4d2e-8f3a-4b5c6d7e8f90"


def test_it_works(world: World) -> None:
    world.write(said(0, "fix the login"), ran(1, "pytest -q"), answered(2, 1, "1 passed"))
    report = world.index()
    session = Session.objects.get()
    assert (session.tool, session.hail_id, session.title) == ("claude-code", SESSION, "fix the login")
    assert (session.event_count, session.user_message_count, session.cwd, session.repo) == (3, 1, "/code/shop", "shop")
    assert report.as_json() | {"seconds": 0} == {
        "files_seen": 1,
        "files_opened": 1,
        "bytes_read": report.bytes_read,
        "sessions_new": 1,
        "sessions_updated": 0,
        "sessions_unchanged": 0,
        "sessions_missing": 0,
        "events": 3,
        "records_unknown": 0,
        "warnings": [],
        "seconds": 0,
    }


def test_it_opens_nothing_when_nothing_changed(world: World) -> None:
    world.write(said(0))
    world.write(said(0, session=OTHER), session=OTHER)
    world.index()
    report = world.index()
    assert (report.files_seen, report.files_opened, report.bytes_read, report.transactions) == (2, 0, 0, 0)
    assert report.sessions_unchanged == 2


def test_it_reads_an_appended_line_only(world: World) -> None:
    path = world.write(*[said(number, "word " * 400) for number in range(50)])
    world.index()
    before = path.stat().st_size
    world.write(said(50, "the last word"))
    report = world.index()
    appended = path.stat().st_size - before
    assert (report.files_opened, report.transactions, report.events) == (1, 1, 1)
    assert appended <= report.bytes_read <= appended + 4096
    assert texts(Session.objects.get())[-1] == "the last word"


def test_it_waits_for_the_end_of_a_truncated_line(world: World) -> None:
    path = world.write(said(0))
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:40])
    world.index()
    assert Session.objects.get().event_count == 1
    path.write_bytes(whole + whole.replace(b"message 0", b"message 1").replace(b"-0", b"-1"))
    world.index()
    assert texts(Session.objects.get()) == ["message 0", "message 1"]


def test_it_reads_a_last_line_that_lacks_only_its_line_break(world: World) -> None:
    path = world.write(said(0), said(1))
    path.write_bytes(path.read_bytes()[:-1])
    world.index()
    assert Session.objects.get().event_count == 2
    with path.open("ab") as log:
        log.write(b"\n")
    world.write(said(2))
    world.index()
    assert texts(Session.objects.get()) == ["message 0", "message 1", "message 2"]


def test_it_counts_and_shows_bad_lines(world: World) -> None:
    path = world.write(said(0))
    with path.open("ab") as log:
        log.write(b"{nonsense}\n[]\n")
    world.write({"type": "martian", "sessionId": SESSION}, said(1))
    report = world.index()
    session = Session.objects.get()
    assert (session.event_count, session.records, session.records_skipped) == (2, 5, 3)
    assert report.records_unknown == 3


def test_it_skips_a_line_that_is_too_long(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parsers.lines.MAX_LINE", 5_000)
    monkeypatch.setattr("parsers.lines.CHUNK", 1_000)
    world.write(said(0), said(1, "long " * 2_000), said(2))
    world.index()
    session = Session.objects.get()
    assert texts(session) == ["message 0", "message 2"]
    assert session.skipped == {"line too long": 1}


def test_it_reads_a_replaced_log_anew(world: World) -> None:
    path = world.write(*[said(number) for number in range(5)])
    world.index()
    path.unlink()
    world.write(said(7), said(8))
    world.index()
    assert texts(Session.objects.get()) == ["message 7", "message 8"]
    assert Strand.objects.count() == 1


def test_it_keeps_the_session_of_a_log_that_another_session_replaced(world: World) -> None:
    path = world.home / ".claude" / "projects" / "-code-shop" / "notes.jsonl"
    world.write(said(0, "first"))
    world.log().rename(path)
    world.index()
    path.unlink()
    world.write(said(1, "second", session=OTHER), session=OTHER)
    world.log(OTHER).rename(path)
    world.index()
    assert sorted(session.title for session in Session.objects.all()) == ["first", "second"]


def test_it_keeps_a_session_whose_log_is_gone(world: World) -> None:
    path = world.write(said(0))
    world.index()
    path.unlink()
    report = world.index()
    session = Session.objects.get()
    assert session.source_missing
    assert report.sessions_missing == 1
    assert texts(session) == ["message 0"]


def test_it_finds_a_log_that_came_back(world: World) -> None:
    path = world.write(said(0))
    world.index()
    path.rename(path.with_suffix(".away"))
    world.index()
    path.with_suffix(".away").rename(path)
    world.index()
    assert not Session.objects.get().source_missing


def test_it_does_not_index_a_removed_session_again(world: World) -> None:
    world.write(said(0))
    world.index()
    remove(session=Session.objects.get())
    world.write(said(1))
    world.index()
    assert not Session.objects.exists()
    assert Tombstone.objects.get().hail_id == SESSION


def test_it_indexes_a_restored_session(world: World) -> None:
    world.write(said(0))
    world.index()
    remove(session=Session.objects.get())
    assert restore(reference=SESSION)
    world.index()
    assert texts(Session.objects.get()) == ["message 0"]


def test_it_reads_everything_again_when_asked(world: World) -> None:
    world.write(said(0), ran(1, "ls"), answered(2, 1, "README"))
    world.index()
    before = Session.objects.get()
    report = world.index(full=True)
    after = Session.objects.get()
    assert (report.files_opened, after.pk, after.event_count) == (1, before.pk, before.event_count)
    assert Strand.objects.get().generation == 1


def test_it_ignores_links_and_pipes(world: World, tmp_path: Path) -> None:
    secret = tmp_path / "secret.jsonl"
    world.write(said(0)).rename(secret)
    world.log().symlink_to(secret)
    os.mkfifo(world.log(OTHER))
    assert world.index().files_seen == 0


def test_it_reads_many_logs_with_processes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions.ingest.run.INLINE", 0)
    names = [f"{number:08}-0b1c-4d2e-8f3a-4b5c6d7e8f90" for number in range(20)]
    for name in names:
        world.write(*[said(number, session=name) for number in range(3)], session=name)
    report = world.index()
    assert (len(report.new), report.events) == (20, 60)
    world.write(said(3, session=names[0]), session=names[0])
    assert world.index().events == 1


def test_it_shows_a_copied_log_once(world: World) -> None:
    path = world.write(said(0), said(1))
    copy = path.with_name("copy.jsonl")
    copy.write_bytes(path.read_bytes())
    world.index()
    session = Session.objects.get()
    assert (session.event_count, texts(session)) == (2, ["message 0", "message 1"])
    world.write(said(2))
    world.index()
    assert texts(Session.objects.get()) == ["message 0", "message 1", "message 2"]
    copy.write_bytes(b"".join(json.dumps(said(number)).encode() + b"\n" for number in (0, 1, 9)))
    world.index()
    session = Session.objects.get()
    assert (session.event_count, texts(session)) == (3, ["message 0", "message 1", "message 9"])


def test_it_follows_a_log_that_moved(world: World) -> None:
    path = world.write(said(0))
    world.index()
    target = path.parent.parent / "-code-archive" / path.name
    target.parent.mkdir()
    path.rename(target)
    world.index()
    world.index()
    session = Session.objects.get()
    assert (session.event_count, session.source_missing) == (1, False)


def test_a_log_outside_the_home_is_not_gone(world: World, tmp_path: Path) -> None:
    path = world.write(said(0))
    world.index()
    World(tmp_path / "elsewhere").index()
    assert not Session.objects.get().source_missing
    path.unlink()
    World(tmp_path / "elsewhere").index()
    assert Session.objects.get().source_missing
