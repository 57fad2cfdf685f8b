from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import QuerySet

from accounts.viewer import Viewer
from sessions.models import Session
from sessions.querysets import ORDERS, SessionQuerySet
from sessions.search import SessionSearch
from sessions.search.limits import LIMITS
from sessions.search.scope import Scope
from tests.base import BaseTestCase
from tests.sessions.stored import NOW, identities, session

HOUR = timedelta(hours=1)


def matching(text: str = "", **search: str) -> set[str]:
    found = Session.objects.matching(SessionSearch(search=text, **search), NOW)
    return set(found.values_list("title", flat=True))


def plan(sessions: QuerySet[Session]) -> str:
    return str(sessions.explain())


class MatchingTests(BaseTestCase):
    def setUp(self) -> None:
        session(
            title="old", tool="codex", repo="Webshop", branch="main", model="opus-4", updated_at=NOW - 40 * 24 * HOUR
        )
        session(
            title="new", repo="website", branch="fix/login", model="sonnet-4", has_errors=True, updated_at=NOW - HOUR
        )
        session(title="hers", owner=self.alice, repo="api", updated_at=NOW - 48 * HOUR)

    def test_it_works(self) -> None:
        assert matching() == {"old", "new", "hers"}
        assert matching("tool:codex") == matching(tool="codex") == {"old"}

    def test_it_finds_parts_of_names_whatever_their_case(self) -> None:
        assert matching("repo:WEB") == {"old", "new"}
        assert matching("branch:login") == {"new"}
        assert matching("model:4 -model:opus") == {"new"}

    def test_it_takes_percent_and_underscore_as_they_are(self) -> None:
        assert matching("repo:web%") == matching("repo:web_hop") == set()

    def test_it_knows_authors(self) -> None:
        assert matching("author:Alice") == matching("author:@alice") == {"hers"}
        assert matching("-author:alice") == {"old", "new"}

    def test_it_knows_errors(self) -> None:
        assert matching("is:error") == {"new"}
        assert matching("-is:error") == {"old", "hers"}

    def test_it_knows_time(self) -> None:
        assert matching(time_range="24h") == matching("after:24h") == {"new"}
        assert matching(time_range="7d") == {"new", "hers"}
        assert matching(time_range="30d") == {"new", "hers"}
        assert matching("before:today") == {"old", "hers"}
        assert matching("before:today after:7d") == {"hers"}

    def test_it_knows_what_lies_below_a_folder_whatever_the_database_sorts_by(self) -> None:
        for folder in ("/code/shop", "/code/shop/b", "/code/shop/Z", "/code/Shop/b", "/code/shop-two", "/code/shop0"):
            session(cwd=folder)
        within = set(Session.objects.within("/code/shop").values_list("cwd", flat=True))
        assert within == {"/code/shop", "/code/shop/b", "/code/shop/Z"}

    def test_it_looks_at_no_words(self) -> None:
        assert matching("nowhere tool:codex") == {"old"}


class OrderTests(BaseTestCase):
    def rows(self, sessions: SessionQuerySet) -> list[UUID]:
        return identities(list(sessions))

    def test_it_sorts(self) -> None:
        low = session(message_count=1, duration_seconds=9, updated_at=NOW)
        high = session(message_count=2, duration_seconds=3, updated_at=NOW - HOUR)
        assert self.rows(Session.objects.recent()) == identities([low, high])
        assert self.rows(Session.objects.popular()) == identities([high, low])
        assert self.rows(Session.objects.longest()) == identities([low, high])

    def test_it_goes_on_behind_a_session_where_many_are_equal(self) -> None:
        for _ in range(5):
            session()
        for sort in ORDERS:
            ordered = list(Session.objects.sorted_by(sort))
            third = ordered[2]
            behind = Session.objects.after(sort, getattr(third, ORDERS[sort]), third.pk).sorted_by(sort)
            assert self.rows(behind) == identities(ordered[3:])


@pytest.mark.sqlite
class PlanTests(BaseTestCase):
    def listed(self) -> SessionQuerySet:
        return Session.objects.visible_to(Viewer(is_operator=True)).primary()

    def test_it_walks_an_index_for_every_sort(self) -> None:
        for sort in ORDERS:
            first = plan(self.listed().sorted_by(sort)[:21])
            assert f"USING INDEX session_{sort} (is_auxiliary=?)" in first
            assert "TEMP B-TREE" not in first

    def test_it_starts_in_the_index_where_a_page_ends(self) -> None:
        values: dict[str, datetime | int] = {"recent": NOW, "popular": 3, "longest": 3}
        for sort, value in values.items():
            later = plan(self.listed().after(sort, value, UUID(int=5)).sorted_by(sort)[:21])
            assert f"USING INDEX session_{sort} (is_auxiliary=? AND ({ORDERS[sort]},id)<(?,?))" in later
            assert "TEMP B-TREE" not in later

    def test_it_walks_an_index_for_a_tool_and_for_a_time_range(self) -> None:
        of_tool = plan(self.listed().matching(SessionSearch(tool="codex"), NOW).recent()[:21])
        assert "USING INDEX session_tool_recent (is_auxiliary=? AND tool=?)" in of_tool
        of_today = plan(self.listed().matching(SessionSearch(time_range="24h"), NOW).recent()[:21])
        assert "USING INDEX session_recent (is_auxiliary=? AND updated_at>?)" in of_today
        assert "TEMP B-TREE" not in of_tool + of_today

    def test_it_looks_sessions_up_by_id(self) -> None:
        visible = Session.objects.visible_to(Viewer(is_operator=True))
        matching = visible.matching(SessionSearch(tool="codex", time_range="7d"), NOW)
        looked_up = Scope(visible, matching, LIMITS).chosen_by_id.filter(pk__in=[UUID(int=1), UUID(int=2)])
        assert "USING INDEX sqlite_autoindex_ai_sessions_session_1 (id=?)" in plan(looked_up.order_by())


@pytest.mark.postgresql
class PostgresPlanTests(BaseTestCase):
    def setUp(self) -> None:
        with connection.cursor() as cursor:
            # Of so few rows it would read all, and sort them.
            for way in ("seqscan", "bitmapscan", "sort"):
                cursor.execute(f"SET LOCAL enable_{way} = off")

    def test_it_walks_an_index_for_every_sort_and_starts_where_a_page_ends(self) -> None:
        listed = Session.objects.visible_to(Viewer(is_operator=True)).primary()
        values: dict[str, datetime | int] = {"recent": NOW, "popular": 3, "longest": 3}
        for sort, value in values.items():
            first = plan(listed.sorted_by(sort)[:21])
            later = plan(listed.after(sort, value, UUID(int=5)).sorted_by(sort)[:21])
            assert f"Index Scan using session_{sort}" in first
            assert f"Index Cond: ((is_auxiliary = false) AND (ROW({ORDERS[sort]}, id) < ROW(" in later
            assert "Sort" not in first + later


@pytest.mark.django_db
def test_it_leaves_helpers_to_their_parents() -> None:
    parent = session()
    session(parent=parent, is_auxiliary=True)
    assert list(Session.objects.primary()) == [parent]
