from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.viewer import Viewer
from sessions.search.choose import Part, Wanted, choose
from sessions.search.limits import Limits
from tests.api.uploads import uploaded
from tests.factories import user

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 2, 21, 4, 38, 11, tzinfo=UTC)
SESSIONS = 20
STEPS = Limits(steps=(3, 6, 12, 48))


@pytest.fixture(autouse=True)
def server(settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "server"


@pytest.fixture(autouse=True)
def sessions(server: None) -> None:
    for number in range(SESSIONS):
        at = NOW + timedelta(days=number)
        title, tool = str(number), "claude-code" if number else "codex"
        message_count = SESSIONS - number
        session = uploaded(user("a zebra"), owner=None, title=title, tool=tool, created_at=at)
        type(session).objects.filter(pk=session.pk).update(message_count=message_count)


def part(*, limits: Limits = STEPS, sort: str = "recent", condition: Q | None = None, **wanted: object) -> Part:
    asked = Wanted(condition or Q(), sort, "zebra", **{"size": 2, **wanted})  # type: ignore[arg-type]
    return choose(Viewer(), asked, now=NOW, limits=limits)


def titles(found: Part) -> list[str]:
    return [session.title for session in found.sessions]


def traced(found: CaptureQueriesContext) -> int:
    """Return how often rows of the full-text index were traced to their sessions."""
    return sum("ai_sessions_searchblock" in query["sql"] for query in found)


def test_it_finds_what_came_last_and_one_more() -> None:
    assert titles(part()) == ["19", "18", "17"]


def test_it_traces_no_more_than_it_shows() -> None:
    with CaptureQueriesContext(connection) as queries:
        found = part()
    assert traced(queries) == 1
    assert found[1:] == (SESSIONS, True)


def test_it_goes_on_until_the_page_is_full() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert titles(part(offset=6)) == ["13", "12", "11"]
    assert traced(queries) == 3


def test_it_goes_on_behind_a_place() -> None:
    first = list(part().sessions)[1]
    assert titles(part(place=(first.created_at, first.pk))) == ["17", "16", "15"]


def test_it_goes_on_until_the_filters_let_something_through() -> None:
    found = part(condition=Q(tool="codex"))
    assert titles(found) == ["0"]
    assert found[1:] == (1, False)


def test_it_looks_at_all_when_they_are_sorted_otherwise() -> None:
    assert titles(part(sort="popular")) == ["0", "1", "2"]


def test_it_says_so_when_there_are_more_than_it_looks_at() -> None:
    found = part(limits=Limits(steps=(3, 10)), offset=9)
    assert titles(found) == ["10"]
    assert found[1:] == (10, True)
