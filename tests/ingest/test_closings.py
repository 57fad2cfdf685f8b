"""What a log leaves open is closed when a session is read, and counted from the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from opensession.hail.stats import count
from sessions import bodies
from sessions.models import Session
from tests.golden import FIXTURES
from tests.ingest.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(home: Path) -> World:
    return World(home)


@pytest.mark.parametrize("case", ["desktop", "fork"])
def test_it_counts_what_is_read(world: World, case: str) -> None:
    place(world, log(case))
    world.index()
    assert counted() == read()


def test_it_counts_no_end_twice_when_the_task_ends(world: World) -> None:
    lines = log("desktop").splitlines(keepends=True)
    place(world, b"".join(lines))
    world.index()
    ((before, *_),) = counted()
    turn = next(line for line in reversed(lines) if b"task_started" in line)
    place(world, b"".join([*lines, turn.replace(b"task_started", b"task_complete")]))
    world.index()
    assert counted() == read()
    assert counted()[0][0] == before


def log(case: str) -> bytes:
    return (FIXTURES / "codex" / f"{case}.jsonl").read_bytes()


def place(world: World, lines: bytes) -> None:
    folder = world.home / ".codex" / "sessions" / "2026" / "01" / "01"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rollout-2026-01-01T00-00-00-11111111-0000-0000-0000-000000000000.jsonl").write_bytes(lines)


def counted() -> list[tuple[int, int, int]]:
    """Return the events, messages and tasks of each session."""
    return list(Session.objects.values_list("event_count", "message_count", "task_count"))


def read() -> list[tuple[int, int, int]]:
    """Return the same of what the session is when it is read."""
    stats = [count(tuple(bodies.merged(session))) for session in Session.objects.all()]
    return [(one.event_count, one.message_count, one.task_count) for one in stats]
