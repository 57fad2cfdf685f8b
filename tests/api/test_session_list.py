from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Q
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.viewer import Viewer
from sessions.api import listing
from sessions.api.listing import ListQuery
from sessions.ingest.upsert import upsert
from sessions.models import Session
from sessions.search.choose import Wanted, choose
from sessions.search.limits import Limits
from tests.api.uploads import client_of, uploaded
from tests.base import user as person
from tests.factories import user

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 2, 21, 4, 38, 11, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def server(settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "server"


def get(client: Client, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/api/sessions{query}")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def titles(client: Client, query: str = "") -> list[str]:
    return [one["title"] for one in get(client, query)["sessions"]]


def pages(client: Client, query: str) -> Iterator[list[str]]:
    """Yield the titles of every page, following its cursor."""
    cursor = ""
    while True:
        page = get(client, f"?{query}&cursor={cursor}")
        yield [one["title"] for one in page["sessions"]]
        if "next_cursor" not in page:
            return
        cursor = page["next_cursor"]


UPLOAD = {"git_remote": "https://git.example/shop", "pr_number": 7, "files_modified": ["a.py", "ü.py"], "score": 85}
SUMMARY = {
    "nickname": "alice",
    "tool": "claude-code",
    "agent_provider": "test",
    "agent_model": "test-1",
    "title": "Fix the login",
    "description": "",
    "tags": "auth,web",
    "created_at": "2026-02-21T04:38:11.123+00:00",
    "message_count": 2,
    "task_count": 0,
    "event_count": 2,
    "duration_seconds": 0,
    "total_input_tokens": 0,
    "total_output_tokens": 0,
    "git_remote": "https://git.example/shop",
    "pr_number": 7,
    "working_directory": "/code/shop",
    "files_modified": '["a.py","ü.py"]',
    "has_errors": False,
    "max_active_agents": 1,
    "session_score": 85,
    "score_plugin": "heuristic_v1",
}


def test_it_works(client: Client) -> None:
    alice, moment = person("alice"), NOW.replace(microsecond=123000)
    known = {"title": "Fix the login", "tags": ["auth", "web"], "created_at": moment, "cwd": "/code/shop"}
    session = uploaded(owner=alice, upload=UPLOAD, **known)
    page = get(client)
    assert (page["total"], page["page"], page["per_page"]) == (1, 1, 20)
    (found,) = page["sessions"]
    assert found.pop("uploaded_at").endswith("+00:00")
    assert found == {"id": str(session.pk), "user_id": str(alice.pk), **SUMMARY}


def test_it_tells_of_indexed_sessions_to_the_operator(client: Client, settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "local"
    uploaded(owner=None, origin="indexed", visibility="private", repo="shop", branch="main").upload.delete()
    (found,) = get(client)["sessions"]
    assert (found["user_id"], found["nickname"]) == (None, None)
    assert (found["git_repo_name"], found["git_branch"]) == ("shop", "main")
    assert (found["session_score"], found["score_plugin"]) == (0, "zero_v1")
    assert found["uploaded_at"]


def test_it_shows_strangers_what_is_public_only(client: Client) -> None:
    alice = person("alice")
    for visibility in ("public", "unlisted", "private"):
        uploaded(owner=alice, visibility=visibility, title=visibility)
    uploaded(owner=alice, title="hidden", is_hidden=True)
    assert titles(client) == titles(client_of(person("bob"))) == ["public"]
    assert sorted(titles(client_of(alice))) == ["private", "public", "unlisted"]


def test_it_leaves_out_empty_sessions_and_helpers(client: Client) -> None:
    uploaded(owner=None, title="empty", event_count=0, message_count=0)
    uploaded(owner=None, title="helper", is_auxiliary=True)
    uploaded(owner=None, title="counted", event_count=0, message_count=1)
    assert titles(client) == ["counted"]


def test_it_filters(client: Client) -> None:
    alice = person("alice")
    uploaded(owner=alice, title="hers", tool="codex", repo="shop", model="opus", has_errors=True)
    uploaded(owner=person("bob"), title="his", tool="gemini", repo="shopping", model="opus-4")
    for query in (
        "tool=codex",
        "repository=shop",
        "author=alice",
        "model=opus",
        "has_errors=true",
        "search=tool:codex",
    ):
        assert titles(client, f"?{query}") == ["hers"]
    assert titles(client, "?has_errors=0") == ["his"]
    assert len(titles(client, "?tool=&search=%20&author=&has_errors=")) == 2


def test_it_compares_times_not_texts(client: Client) -> None:
    now = timezone.now()
    uploaded(owner=None, title="just within", created_at=now - DAY + timedelta(minutes=1), updated_at=now)
    uploaded(owner=None, title="just before", created_at=now - DAY - timedelta(minutes=1), updated_at=now)
    assert titles(client, "?time_range=24h") == ["just within"]
    assert titles(client, "?time_range=7d") == ["just within", "just before"]


def test_it_sorts(client: Client) -> None:
    uploaded(owner=None, title="newest", created_at=NOW, message_count=1, duration_seconds=5)
    uploaded(owner=None, title="loudest", created_at=NOW - DAY, message_count=9, duration_seconds=1)
    uploaded(owner=None, title="longest", created_at=NOW - 2 * DAY, message_count=1, duration_seconds=9)
    assert titles(client) == ["newest", "loudest", "longest"]
    assert titles(client, "?sort=popular") == ["loudest", "newest", "longest"]
    assert titles(client, "?sort=longest") == ["longest", "newest", "loudest"]


@pytest.mark.parametrize("sort", ["recent", "popular", "longest"])
def test_it_pages_through_all_of_them_once(client: Client, sort: str) -> None:
    for number in range(11):
        uploaded(owner=None, title=str(number), created_at=NOW - number // 3 * DAY, message_count=number % 2 + 1)
    by_number = [title for page in range(1, 5) for title in titles(client, f"?sort={sort}&per_page=3&page={page}")]
    by_cursor = [title for page in pages(client, f"sort={sort}&per_page=3") for title in page]
    assert by_number == by_cursor
    assert sorted(by_cursor, key=int) == [str(number) for number in range(11)]


@pytest.mark.parametrize(
    ("query", "page", "per_page"),
    [("?page=0", 0, 20), ("?per_page=0", 1, 1), ("?per_page=5000", 1, 100), ("?page=100&per_page=100", 100, 100)],
)
def test_it_echoes_the_page(client: Client, query: str, page: int, per_page: int) -> None:
    uploaded(owner=None)
    found = get(client, query)
    assert (found["page"], found["per_page"], found["total"]) == (page, per_page, 1)
    assert len(found["sessions"]) == (page < 2)


@pytest.mark.parametrize(
    "query",
    [
        *("page=-1", "page=abc", "page=101", "per_page=-1", "sort=foo", "time_range=foo", "has_errors=maybe"),
        *("cursor=x", "cursor=W10", "tool=%00", "sort=popular&cursor=WyIyMDI2LTAyLTIxVDA0OjM4OjExWiIsIjUiXQ"),
    ],
)
def test_it_refuses_what_makes_no_sense(client: Client, query: str) -> None:
    answer = client.get(f"/api/sessions?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert answer.json()["message"]


@pytest.mark.parametrize("query", ["", "sort=popular", "search=zebra", "search=zebra&sort=popular"])
def test_it_refuses_the_cursor_of_another_order(client: Client, query: str) -> None:
    for _ in range(2):
        uploaded(user("zebra"), owner=None)
    cursor = get(client, f"?per_page=1&{query}")["next_cursor"]
    answer = client.get(f"/api/sessions?{query.partition('sort')[0]}&sort=longest&cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_it_says_what_may_stand_in_a_parameter(client: Client) -> None:
    said = client.get("/api/sessions?sort=foo").json()["message"]
    assert said == "Invalid enum value 'foo' - at `sort`; it is one of recent, popular, longest"


class TestSearch:
    def test_it_finds_what_was_said(self, client: Client) -> None:
        uploaded(user("the zebra crossed"), owner=None, title="animals")
        uploaded(user("nothing here"), owner=None, title="other")
        uploaded(user("a private zebra"), owner=person("alice"), visibility="private")
        found = get(client, "?search=zebra")
        assert [one["title"] for one in found["sessions"]] == ["animals"]
        assert found["total"] == 1

    def test_it_finds_parts_of_what_is_told(self, client: Client) -> None:
        uploaded(owner=None, title="Refactoring", description="100% done", tags=["ci/cd"])
        assert titles(client, "?search=FACTOR") == ["Refactoring"]
        assert titles(client, "?search=0%25") == ["Refactoring"]
        assert titles(client, "?search=i/c") == ["Refactoring"]
        assert titles(client, "?search=f_ctor") == []

    def test_it_is_sorted_and_paged_as_a_list(self, client: Client) -> None:
        for number in range(5):
            uploaded(user("zebra"), owner=None, title=str(number), created_at=NOW + number * DAY)
        assert [*pages(client, "search=zebra&per_page=2")] == [["4", "3"], ["2", "1"], ["0"]]
        assert titles(client, "?search=zebra&per_page=2&page=3") == ["0"]

    def test_it_combines_with_filters(self, client: Client) -> None:
        uploaded(user("zebra"), owner=None, title="codex", tool="codex")
        uploaded(user("zebra"), owner=None, title="claude")
        assert titles(client, "?search=zebra&tool=codex") == ["codex"]
        assert titles(client, "?search=zebra%20-tool:codex") == ["claude"]


class TestFeed:
    def test_it_is_closed_to_strangers_on_demand(self, client: Client, settings: Settings) -> None:
        settings.OPENSESSION_PUBLIC_FEED_ENABLED = False
        assert client.get("/api/sessions").status_code == 401
        assert client.get("/api/sessions", headers={"Authorization": "Bearer osk_wrong"}).status_code == 401
        assert get(client_of(person("alice")))["total"] == 0

    def test_it_stays_open_on_a_mirror_and_to_the_operator(self, client: Client, settings: Settings) -> None:
        settings.OPENSESSION_PUBLIC_FEED_ENABLED = False
        for profile in ("worker", "local"):
            settings.OPENSESSION_PROFILE = profile
            assert client.get("/api/sessions").status_code == 200

    def test_it_takes_a_wrong_key_for_none(self, client: Client) -> None:
        answer = client.get("/api/sessions", headers={"Authorization": "Bearer osk_wrong"})
        assert answer.status_code == 200
        assert "Cache-Control" not in answer


class TestCaching:
    @pytest.mark.parametrize("query", ["", "?page=10&per_page=50", "?search=%20", "?tool=codex&sort=popular"])
    def test_it_lets_others_keep_the_first_pages(self, client: Client, query: str) -> None:
        answer = client.get(f"/api/sessions{query}")
        assert answer["Cache-Control"] == "public, max-age=30, stale-while-revalidate=60"
        assert {"Authorization", "Cookie"} <= set(answer["Vary"].split(", "))

    @pytest.mark.parametrize("query", ["?page=11", "?per_page=51", "?search=fix"])
    def test_it_lets_nobody_keep_what_few_ask_for(self, client: Client, query: str) -> None:
        assert "Cache-Control" not in client.get(f"/api/sessions{query}")

    def test_it_lets_nobody_keep_what_may_be_personal(self, client: Client, settings: Settings) -> None:
        assert "Cache-Control" not in client_of(person("alice")).get("/api/sessions")
        assert "Cache-Control" not in client.get("/api/sessions", headers={"Cookie": "my_session=1"})
        settings.OPENSESSION_PROFILE = "local"
        assert "Cache-Control" not in client.get("/api/sessions")

    def test_it_sends_nothing_twice(self, client: Client) -> None:
        etag = client.get("/api/sessions")["ETag"]
        again = client.get("/api/sessions", headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")
        assert again["Vary"]
        uploaded(owner=None)
        assert client.get("/api/sessions", headers={"If-None-Match": etag}).status_code == 200


class TestTotals:
    def test_it_counts_up_to_a_bound(self) -> None:
        for _ in range(4):
            uploaded(owner=None)
        enough, too_few = (Limits(counted=most, counted_first=1, slices=2) for most in (4, 3))
        assert choose(Viewer(), Wanted(Q(), "recent"), now=NOW, limits=enough)[1:3] == (4, False)
        assert choose(Viewer(), Wanted(Q(), "recent"), now=NOW, limits=too_few).is_estimate

    def test_it_keeps_an_estimate_for_a_while(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        uploaded(owner=None)
        wanted, limits = Wanted(Q(), "recent", name="all"), Limits(counted=0, counted_first=0, slices=2)
        first = choose(Viewer(), wanted, now=NOW, limits=limits)
        with django_assert_num_queries(0):
            assert choose(Viewer(), wanted, now=NOW + timedelta(seconds=9), limits=limits)[1:] == first[1:]
        with CaptureQueriesContext(connection) as queries:
            choose(Viewer(), wanted, now=NOW + timedelta(seconds=10), limits=limits)
        assert first.is_estimate
        assert len(queries)

    def test_it_says_when_it_estimates(self, client: Client) -> None:
        fill(10_001)
        answer = client.get("/api/sessions")
        assert answer["X-Total-Estimated"] == "true"
        assert answer.json()["total"] >= 10_000
        assert "X-Total-Estimated" not in client.get("/api/sessions?repository=shop")


def fill(number: int) -> None:
    common = {"tool": "codex", "origin": "uploaded", "visibility": "public", "event_count": 1}
    times = dict.fromkeys(("created_at", "updated_at", "indexed_at"), NOW)
    upsert(Session, [{"id": uuid4(), "hail_id": f"{number}-{n}"} | common | times for n in range(number)])


def test_it_asks_equally_often_however_many_there_are(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # Beyond 2,500, whether to count them takes two queries more.
    for number, queries in ((10, 2), (2_490, 2), (1_000, 4), (1_000, 4)):
        fill(number)
        with django_assert_num_queries(queries):
            assert len(get(client, "?per_page=100")["sessions"]) == min(number, 100)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (ListQuery(), "session_created (is_auxiliary=?)"),
        (ListQuery(time_range="7d"), "session_created (is_auxiliary=? AND created_at>?)"),
        (ListQuery(sort="popular"), "session_created_popular (is_auxiliary=?)"),
        (ListQuery(sort="longest"), "session_created_longest (is_auxiliary=?)"),
        (ListQuery(tool="codex"), "session_created_tool (is_auxiliary=? AND tool=?)"),
        (ListQuery(repository="shop"), "session_created_repo (is_auxiliary=? AND repo=?)"),
        (ListQuery(author="alice"), "session_created_owner (is_auxiliary=? AND owner_id=?)"),
    ],
)
@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.sqlite
def test_it_walks_an_index(query: ListQuery, index: str, is_known: bool) -> None:
    viewer = Viewer(person("bob") if is_known else None)
    with CaptureQueriesContext(connection) as asked:
        listing.listed(viewer, query, NOW)
    plan = explained(asked.captured_queries[-1]["sql"])
    assert index in plan
    assert "TEMP B-TREE" not in plan


def explained(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
        return "\n".join(row[-1] for row in cursor.fetchall())
