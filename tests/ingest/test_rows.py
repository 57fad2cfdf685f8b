from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from opensession.hail.actions import UserMessage
from opensession.hail.model import Agent, Context, Event, Header
from opensession.hail.stats import Tally
from sessions.ingest.rows import StrandFacts, repository, session_row

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def strand(key: str, first: str, last: str) -> StrandFacts:
    tally = Tally()
    for number, time in enumerate((first, last)):
        tally.add(Event(event_id=f"{key}-{number}", timestamp=time, action=UserMessage()))
    context = Context(title=f"title of {key}", created_at=first, updated_at=last)
    return StrandFacts(
        key, Header("s1", Agent("anthropic", "m", "claude-code"), context), tally, {"user": 2}, {"odd": 1}
    )


def test_it_works() -> None:
    main = strand("main", "2026-03-01T10:00:00Z", "2026-03-01T10:10:00Z")
    row = session_row(UUID(int=1), [main], None, NOW)
    assert (row["title"], row["event_count"], row["duration_seconds"]) == ("title of main", 2, 600)
    assert row["updated_at"] == datetime(2026, 3, 1, 10, 10, tzinfo=UTC)


def test_it_adds_the_subagents_up() -> None:
    main = strand("main", "2026-03-01T10:00:00Z", "2026-03-01T10:10:00Z")
    first = strand("a1", "2026-03-01T10:01:00Z", "2026-03-01T10:05:00Z")
    second = strand("a2", "2026-03-01T10:04:00Z", "2026-03-01T10:12:00Z")
    later = strand("a3", "2026-03-01T10:13:00Z", "2026-03-01T10:14:00Z")
    row = session_row(UUID(int=1), [first, second, later, main], None, NOW)
    assert row["title"] == "title of main"
    assert (row["event_count"], row["task_count"], row["max_active_agents"]) == (8 + 6, 3, 3)
    assert (row["records"], row["skipped"]) == (8, {"odd": 4})
    assert row["updated_at"] == datetime(2026, 3, 1, 10, 14, tzinfo=UTC)


def test_a_subagent_speaks_for_a_session_without_its_main_log() -> None:
    row = session_row(UUID(int=1), [strand("a1", "2026-03-01T10:00:00Z", "2026-03-01T10:01:00Z")], None, NOW)
    assert row["title"] == "title of a1"


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ({"cwd": "/code/shop/"}, "shop"),
        ({"cwd": "D:\\code\\shop"}, "shop"),
        ({"cwd": "/code/shop", "git_repo_name": "store"}, "store"),
        ({"cwd": 5}, ""),
        ({}, ""),
    ],
)
def test_it_names_the_repository(attributes: dict[str, object], name: str) -> None:
    assert repository(attributes) == name
