from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.core.files.storage import storages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from accounts.viewer import Viewer
from opensession.hail import model
from opensession.hail.actions import FileEdit, FileRead, ShellCommand
from parsers.base import Amendment
from sessions.models import Amendment as AmendmentRow
from sessions.models import Session
from sessions.search import Found, SessionSearch, events_matching, find, tools_in_use
from sessions.search.limits import LIMITS, Limits
from tests.base import BaseTestCase
from tests.sessions.stored import NOW, encode, event, identities, session, strand

OPERATOR = Viewer(is_operator=True)
HOUR = timedelta(hours=1)


def found(text: str = "", viewer: Viewer = OPERATOR, size: int = 20, limits: Limits = LIMITS, **search: str) -> Found:
    return find(viewer, SessionSearch(search=text, **search), now=NOW, size=size, limits=limits)


def titles(answer: Found) -> list[str]:
    return [one.title for one in answer.sessions]


def passages(answer: Found, row: Session) -> list[str]:
    return ["".join(part.text for part in one.parts) for one in answer.snippets[row.pk]]


class ListTests(BaseTestCase):
    def test_it_works(self) -> None:
        for number in range(3):
            session(title=str(number), updated_at=NOW - number * HOUR)
        assert titles(found()) == ["0", "1", "2"]
        assert (found().total, found().total_is_estimate, found().next) == (3, False, "")

    def test_it_pages_through_all_of_them_once(self) -> None:
        rows = [session(updated_at=NOW - number // 3 * HOUR, message_count=number % 2) for number in range(11)]
        for sort in ("recent", "popular", "longest"):
            assert sorted(self.walk("", sort)) == sorted(identities(rows))

    def walk(self, text: str, sort: str) -> list[UUID]:
        """Return the ids on all pages of three."""
        seen: list[UUID] = []
        after = ""
        while True:
            page = found(text, size=3, sort=sort, after=after)
            seen += identities(page.sessions)
            if not page.next:
                return seen
            after = page.next

    def test_it_pages_through_what_a_search_finds(self) -> None:
        rows = [session("needle", updated_at=NOW - number * HOUR) for number in range(7)]
        assert self.walk("needle", "recent") == identities(rows)

    def test_it_skips_by_number(self) -> None:
        rows = [session("needle", updated_at=NOW - number * HOUR) for number in range(5)]
        for text in ("", "needle"):
            page = find(OPERATOR, SessionSearch(search=text), now=NOW, size=2, offset=2)
            assert identities(page.sessions) == identities(rows[2:4])

    def test_it_takes_a_foreign_cursor_for_none(self) -> None:
        session()
        assert len(found(after="nonsense").sessions) == 1

    def test_it_estimates_large_totals(self) -> None:
        for number in range(600):
            Session.objects.create(tool="t", hail_id=str(number), created_at=NOW, updated_at=NOW, indexed_at=NOW)
        answer = found(limits=Limits(counted=100, counted_first=10, slices=4))
        assert answer.total_is_estimate
        assert 400 < answer.total < 800

    def test_it_knows_the_tools_in_use(self) -> None:
        for tool in ("codex", "amp", "codex"):
            session(tool=tool)
        session(tool="cline", owner=self.alice)
        session(tool="gemini", is_auxiliary=True)
        assert tools_in_use(OPERATOR) == ["amp", "codex"]
        assert tools_in_use(Viewer(self.alice)) == ["cline"]
        assert tools_in_use(Viewer()) == []


class SearchTests(BaseTestCase):
    def test_it_works(self) -> None:
        row = session("nothing", "fix the login page")
        session("fix it", "the login")
        answer = found("login fix")
        assert identities(answer.sessions) == [row.pk]
        (passage,) = answer.snippets[row.pk]
        assert [part.text for part in passage.parts] == ["fix", " the ", "login", " page"]
        assert (passage.hit.number, passage.event_id) == (1, "e1")
        assert (answer.total, answer.total_is_estimate, answer.note) == (1, False, "")

    def test_it_lists_each_session_once_newest_first(self) -> None:
        session("login", "login", title="newer", updated_at=NOW)
        session("login", title="older", updated_at=NOW - HOUR)
        assert titles(found("login")) == ["newer", "older"]
        assert titles(found("login", sort="popular")) != []

    def test_it_finds_titles(self) -> None:
        row = session("hello", title="Fix the login")
        assert identities(found("login").sessions) == [row.pk]
        assert found("login").snippets == {row.pk: ()}

    def test_it_shows_up_to_three_passages(self) -> None:
        row = session(*[f"login {number}" for number in range(9)])
        assert passages(found("login"), row) == ["login 8", "login 7", "login 6"]

    def test_it_narrows_by_session(self) -> None:
        row = session("login", tool="codex")
        session("login", tool="amp")
        assert identities(found("login tool:codex").sessions) == [row.pk]
        assert identities(found("login", tool="codex").sessions) == [row.pk]

    def test_it_takes_the_last_word_for_a_beginning_where_it_is_none(self) -> None:
        row = session("authentication")
        answer = found("authen")
        assert identities(answer.sessions) == [row.pk]
        assert "begin" in answer.note
        assert answer.snippets[row.pk][0].parts[0].is_match

    def test_it_says_what_is_wrong(self) -> None:
        session("login")
        answer = found('"login')
        assert answer.sessions == ()
        assert "not closed" in answer.problem

    def test_it_shows_what_helpers_said_in_their_parent(self) -> None:
        parent = session("hello")
        helper = session("login", parent=parent, is_auxiliary=True)
        answer = found("login")
        assert identities(answer.sessions) == [parent.pk]
        assert answer.snippets[parent.pk][0].hit.session == helper.pk

    def test_it_finds_what_subagents_said(self) -> None:
        row = session("hello")
        strand(row, "login", key="helper")
        assert passages(found("login"), row) == ["login"]

    def test_it_reads_what_was_added_to_an_event_later(self) -> None:
        row = session("login", "login", "login", "more")
        for amendment in (Amendment(number=0, dropped=True), Amendment(number=1, content=model.text("login failed"))):
            patch = encode(amendment)
            AmendmentRow.objects.create(strand=row.strands.get(), number=amendment.number, patch=patch)
        assert passages(found("login"), row) == ["login", "login failed"]

    def test_it_survives_a_lost_body(self) -> None:
        row = session("login", "more")
        storages["bodies"].delete(row.strands.get().body)
        with self.assertLogs("sessions.search.reading", "WARNING"):
            assert found("login").snippets == {row.pk: ()}


class CheckTests(BaseTestCase):
    def test_it_finds_files_that_were_touched_not_mentioned(self) -> None:
        touched = session(event("", FileEdit(path="src/models.py")), event("", FileRead(path="views.py")))
        session("look at models.py", event("", ShellCommand(command="cat models.py")))
        assert identities(found("file:models.py").sessions) == [touched.pk]
        assert identities(found("file:src/models").sessions) == [touched.pk]

    def test_it_finds_commands_that_were_run(self) -> None:
        row = session(event("", ShellCommand(command="git commit -m done")))
        session("git commit")
        assert identities(found('cmd:"git commit"').sessions) == [row.pk]
        assert identities(found('done -cmd:"git commit"').sessions) == []

    def test_it_tries_patterns(self) -> None:
        row = session("ticket-12", "ticket")
        session("ticket-x", updated_at=NOW - HOUR)
        for text in (r"/ticket-\d+/", r"ticket /t-\d/"):
            assert identities(found(text).sessions) == [row.pk]
            assert passages(found(text), row) == ["ticket-12"]
        assert found(r"/ticket-\d+/").note == ""

    def test_it_says_how_far_patterns_were_tried(self) -> None:
        session(*["ticket"] * 7)
        for limits in (Limits(scanned=5), Limits(text=5 * len("ticket"))):
            answer = found("/nothing/", limits=limits)
            assert answer.total_is_estimate
            assert "newest 5 events" in answer.note

    def test_it_says_how_many_hits_were_checked(self) -> None:
        session(*["see models.py"] * 7)
        assert "newest 5 events" in found("file:models.py", limits=Limits(checked=5)).note


class ManyHitsTests(BaseTestCase):
    """A word that is too common to trace every row that holds it."""

    def found(self, text: str, enough: int = 0) -> Found:
        return found(text, limits=Limits(few=3, rows=20, sessions=4, seeks=2, enough=enough))

    def store(self, count: int, events: int = 2, **fields: str) -> list[Session]:
        """Store sessions, oldest first, and return them newest first."""
        age = range(count, 0, -1)
        return [session(*["login"] * events, updated_at=NOW - hours * HOUR, **fields) for hours in age][::-1]

    def test_it_finds_all_where_few_sessions_are_to_be_shown(self) -> None:
        rows = self.store(4)
        answer = self.found("login")
        assert identities(answer.sessions) == identities(rows)
        assert (answer.total, answer.total_is_estimate, answer.note) == (4, False, "")

    def test_it_says_how_far_it_got(self) -> None:
        rows = self.store(6)
        answer = self.found("login")
        assert identities(answer.sessions) == identities(rows[:4])
        assert answer.total_is_estimate
        assert "newest 4 sessions" in answer.note

    def test_it_reaches_old_sessions_of_a_rare_kind(self) -> None:
        old = session("login", "hello", tool="amp", updated_at=NOW - 900 * HOUR)
        self.store(12)
        answer = self.found("login tool:amp")
        assert identities(answer.sessions) == [old.pk]
        assert passages(answer, old) == ["login"]
        assert (answer.total, answer.total_is_estimate) == (1, False)

    def test_it_lets_no_long_session_hide_the_others(self) -> None:
        other = session("login", updated_at=NOW - HOUR)
        long = session(*["login"] * 50)
        assert identities(self.found("login").sessions) == identities([long, other])

    def test_it_traces_the_newest_rows_where_recent_sessions_have_none(self) -> None:
        old = session(*["login"] * 5, updated_at=NOW - 900 * HOUR)
        for _ in range(6):
            session("hello")
        assert identities(self.found("login", enough=20).sessions) == [old.pk]

    def test_it_shows_what_helpers_said_in_their_parent(self) -> None:
        parent = session("hello")
        session(*["login"] * 5, parent=parent, is_auxiliary=True)
        assert identities(self.found("login").sessions) == [parent.pk]


class VisibilityTests(BaseTestCase):
    """Everything is stored: indexed here, and uploaded by alice as public, unlisted and private."""

    def setUp(self) -> None:
        session("needle", title="indexed", updated_at=NOW)
        for hours, visibility in enumerate(("public", "unlisted", "private"), 1):
            session("needle", title=visibility, owner=self.alice, visibility=visibility, updated_at=NOW - hours * HOUR)

    def seen(self, viewer: Viewer, few: int) -> list[str]:
        """Return the titles that a viewer sees; lists, searches and patterns show the same."""
        answers = [found(text, viewer, limits=Limits(few=few)) for text in ("", "needle", "/need/", "needle /need/")]
        for answer in answers:
            assert titles(answer) == titles(answers[0])
            assert answer.total == len(answer.sessions)
            assert set(answer.snippets) <= set(identities(answer.sessions))
        return titles(answers[0])

    def test_it_shows_what_one_may_read(self) -> None:
        for few in (0, 1000):
            assert self.seen(Viewer(), few) == ["public"]
            assert self.seen(Viewer(self.bob), few) == ["public"]
            assert self.seen(Viewer(self.alice), few) == ["public", "unlisted", "private"]
            assert self.seen(OPERATOR, few) == ["indexed", "public"]

    def test_it_shows_nothing_of_a_private_helper_of_a_public_session(self) -> None:
        parent = Session.objects.get(title="public")
        session("secret", owner=self.alice, parent=parent, is_auxiliary=True)
        for few in (0, 1000):
            assert titles(found("secret", Viewer(self.bob), limits=Limits(few=few))) == []
            assert titles(found("secret", Viewer(self.alice), limits=Limits(few=few))) == ["public"]


class QueryCountTests(BaseTestCase):
    def queries(self, text: str, limits: Limits = LIMITS) -> int:
        with CaptureQueriesContext(connection) as captured:
            found(text, limits=limits)
        return len(captured)

    def test_it_asks_as_often_for_many_as_for_few(self) -> None:
        session("needle", "hay", event("", FileEdit(path="needle.py")))
        few = {text: self.queries(text) for text in ("", "needle", "tool:claude-code needle", "file:needle")}
        for _ in range(15):
            session("needle", "hay", "needle", event("", FileEdit(path="needle.py")))
        assert {text: self.queries(text) for text in few} == few
        assert max(few.values()) <= 12

    def test_it_asks_as_often_where_hits_are_many(self) -> None:
        limits = Limits(few=0, enough=0)
        session("needle")
        few = self.queries("needle", limits)
        for _ in range(15):
            session("needle", "needle")
        assert self.queries("needle", limits) == few


class StrandTests(BaseTestCase):
    def test_it_finds_the_events_of_one_strand(self) -> None:
        row = session("login", "hello", "the login", title="login")
        session("login")
        own = row.strands.get()
        assert events_matching(own, "login") == [0, 2]
        assert events_matching(own, "login -the") == [0]
        assert events_matching(own, "/^hel+o/") == [1]
        assert events_matching(own, "login /the/") == [2]
        assert events_matching(own, "tool:amp login") == [0, 2]

    def test_it_finds_nothing_for_nothing(self) -> None:
        own = session("login").strands.get()
        for text in ("", "tool:amp", '"login', "***", "-login"):
            assert events_matching(own, text) == []


class AnyTextTests(HypothesisTestCase):
    @settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.one_of(
            st.text(),
            st.lists(
                st.sampled_from(
                    [
                        '"',
                        "-",
                        "/",
                        ":",
                        "*",
                        "tool:",
                        "file:",
                        "cmd:",
                        "after:",
                        "1d",
                        "AND",
                        " ",
                        "\0",
                        "\ud800",
                        "(",
                        "a",
                    ]
                )
            ).map("".join),
        ),
        st.text(),
    )
    def test_it_answers_any_text(self, text: str, after: str) -> None:
        row = session("a", "b", event("", FileEdit(path="a/1d")))
        answer = found(text, after=after)
        assert not (answer.problem and answer.sessions)
        assert all(number < 3 for number in events_matching(row.strands.get(), text))
