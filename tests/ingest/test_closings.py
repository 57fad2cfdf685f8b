"""What a log leaves open is closed when a session is read, and counted from the start."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opensession.hail.stats import count
from sessions import bodies
from sessions.ingest import election
from sessions.ingest.election import settle
from sessions.models import Session, Strand
from tests.golden import FIXTURES
from tests.ingest.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(home: Path) -> World:
    return World(home)


@pytest.mark.parametrize(("case", "events"), [("desktop", 15), ("fork", 14)])
def test_it_counts_what_is_read(world: World, case: str, events: int) -> None:
    place(world, log(case))
    world.index()
    assert counted() == read()
    assert [each[0] for each in counted()] == [events]


def test_it_counts_no_end_twice_when_the_task_ends(world: World) -> None:
    place(world, log("desktop"))
    world.index()
    ((before, *_),) = counted()
    place(world, log("desktop") + last_start("desktop").replace(b"task_started", b"task_complete"))
    world.index()
    assert counted() == read()
    assert counted()[0][0] == before


def test_the_end_of_a_task_that_never_began_hides_nothing(world: World) -> None:
    end = json.loads(last_start("fork").replace(b"task_started", b"task_complete"))
    end["payload"]["turn_id"] = "nobody"
    place(world, log("fork") + json.dumps(end).encode() + b"\n")
    world.index()
    assert counted() == read()
    assert len(counted()) == 1


def test_a_state_that_an_older_parser_left_closes_nothing(world: World) -> None:
    path = place(world, log("desktop"))
    world.index()
    Strand.objects.update(state=msgspec.msgpack.encode({"tasks": 1}))
    path.unlink()
    world.index()
    settle(set(), set(Session.objects.values_list("pk", flat=True)), datetime.now(UTC))
    assert [each[0] for each in counted()] == [14]
    assert counted() == read()


def test_a_session_that_is_removed_meanwhile_ends_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    place(world, log("desktop"))
    world.index()
    mark = election._mark_live

    def remove_too(*args: Any) -> None:
        mark(*args)
        Strand.objects.all().delete()

    monkeypatch.setattr(election, "_mark_live", remove_too)
    settle(set(), set(Session.objects.values_list("pk", flat=True)), datetime.now(UTC))
    assert [each[0] for each in counted()] == [14]


def last_start(case: str) -> bytes:
    return next(line for line in reversed(log(case).splitlines(keepends=True)) if b"task_started" in line)


def log(case: str) -> bytes:
    return (FIXTURES / "codex" / f"{case}.jsonl").read_bytes()


def place(world: World, lines: bytes) -> Path:
    folder = world.home / ".codex" / "sessions" / "2026" / "01" / "01"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "rollout-2026-01-01T00-00-00-11111111-0000-0000-0000-000000000000.jsonl"
    path.write_bytes(lines)
    return path


def counted() -> list[tuple[int, int, int]]:
    """Return the events, messages and tasks of each session."""
    return list(Session.objects.values_list("event_count", "message_count", "task_count"))


def read() -> list[tuple[int, int, int]]:
    """Return the same of what the session is when it is read."""
    stats = [count(tuple(bodies.merged(session))) for session in Session.objects.all()]
    return [(one.event_count, one.message_count, one.task_count) for one in stats]
