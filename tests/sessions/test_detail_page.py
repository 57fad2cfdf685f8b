from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from sessions import bodies
from sessions.models import Frame, Strand
from sessions.pages.timeline import LOOK_AROUND, WINDOW
from tests.base import user as person
from tests.factories import (
    agent,
    call,
    edit,
    make_session,
    make_strand,
    note,
    result,
    shell,
    user,
)
from tests.sessions.pages import links, long_session, page, rows

pytestmark = pytest.mark.django_db


def test_it_works(client: Client) -> None:
    session = make_session(user("Hello, write a test"), agent("Here it **is**"), title="Write a test")
    html = page(client, session)
    assert "<title>Write a test - opensession.io</title>" in html
    assert '<h1 class="title" title="Write a test">Write a test</h1>' in html
    assert html.count("Hello, write a test") == 1
    assert "<strong>is</strong>" in html
    assert "Claude Code" in html
    assert 'data-testid="session-flow-bar"' in html
    assert rows(html) == [0, 1]


def test_it_answers_unknown_and_forbidden_alike(client: Client, settings: Settings) -> None:
    hidden = make_session(origin="uploaded", owner=person("alice"))
    settings.OPENSESSION_PROFILE = "server"
    for session in (hidden.pk, uuid4()):
        for path in ("", "/raw", "/e/main.0"):
            answer = client.get(f"/session/{session}{path}")
            assert answer.status_code == 404
            assert b'<h1 class="blank-title">404</h1>' in answer.content


def test_it_puts_a_result_into_its_call(client: Client) -> None:
    session = make_session(call("Skill", call_id="c1"), agent("meanwhile"), result("all good", call_id="c1"))
    html = page(client, session)
    assert rows(html) == [0, 1]
    assert html.count("all good") == 1
    assert ">Result</p>" in html


def test_it_shows_a_result_by_itself_where_its_call_is_far_away(client: Client) -> None:
    between = [agent(f"step {number}") for number in range(LOOK_AROUND)]
    session = make_session(call(call_id="c1"), *between, result("late", call_id="c1"))
    assert rows(page(client, session)) == list(range(LOOK_AROUND + 2))


def test_it_folds_over_the_border_of_windows(client: Client) -> None:
    before = [agent(f"step {number}") for number in range(WINDOW - 1)]
    session = make_session(*before, shell(call_id="c1"), result("9 passed", call_id="c1"), agent("done"))
    first, second = page(client, session), page(client, session, f"?from={WINDOW}")
    assert "9 passed" in first
    assert rows(first)[-1] == WINDOW - 1
    assert rows(second) == [WINDOW + 1]


def test_it_tells_how_a_command_ended(client: Client) -> None:
    session = make_session(shell("make test", 2, call_id="c1"), result("boom", call_id="c1", is_error=True))
    html = page(client, session)
    assert "↩ 2" in html
    assert "boom" in html
    assert "is-error" in html


def test_it_leaves_out_what_codex_tells_its_model(client: Client) -> None:
    said = (
        "Chunk ID: 1\nWall time: 0.1 seconds\nProcess exited with code 0\nOriginal token count: 3\nOutput:\nSECURITY.md"
    )
    html = page(client, make_session(shell(call_id="c1"), result(said, call_id="c1")))
    assert '<pre class="plain">SECURITY.md</pre>' in html


def test_it_shows_a_diff_with_line_numbers(client: Client) -> None:
    diff = "--- a/x\n+++ b/x\n@@ -7,3 +7,3 @@\n same\n--- old comment\n+++ new comment\n"
    html = page(client, make_session(edit(diff=diff)))
    assert "--- a/x" not in html
    assert 'data-n="8"></td><td class="diff-num" data-n=""></td><td class="diff-text">--- old comment' in html
    assert 'data-n=""></td><td class="diff-num" data-n="8"></td><td class="diff-text">+++ new comment' in html
    assert '<span class="badge is-good">+1</span>' in html


def test_it_renders_markdown_and_lone_fences(client: Client) -> None:
    fence = "```ts\nconst answer = 42;\n```"
    html = page(client, make_session(agent("# Plan\n\n- Parse logs\n\n[guide](https://example.org)"), agent(fence)))
    assert 'class="md-heading md-h1">Plan<' in html
    assert "<li>Parse logs</li>" in html
    assert 'class="md-link"' in html
    assert '<div class="code-header"><span>ts</span></div>' in html
    assert '<pre class="line-nums" aria-hidden="true">1</pre>' in html


def test_it_folds_notes(client: Client) -> None:
    session = make_session(user(), note(), note(), note("hook"), agent())
    html = page(client, session)
    assert rows(html) == [0, 1, 4]
    assert "token count ×2, hook" in html


def test_it_marks_what_was_copied(client: Client) -> None:
    session = make_session(user("old", replayed=True), agent("old too", replayed=True), user("new"))
    html = page(client, session)
    assert html.count("is-replayed") == 2
    assert html.index("copied from the parent session") < html.index("this session goes on here")


def test_it_says_how_long_nothing_happened(client: Client) -> None:
    assert "2h 0m later" in page(client, make_session(user(), agent(seconds=7200)))


def test_it_says_how_much_of_the_log_was_understood(client: Client) -> None:
    session = make_session(records=12408, skipped={"odd": 3})
    assert "3 of 12,408 records not understood" in page(client, session)


def test_it_shows_tokens(client: Client) -> None:
    html = page(client, make_session(agent(input_tokens=1234, output_tokens=56, cache_read_tokens=18000)))
    assert "1.2k in · 56 out · 18k cached" in html


def test_it_folds_a_subagent_at_the_call_that_launched_it(client: Client) -> None:
    session = make_session(call("Task", call_id="c1", subagent_id="helper/1"), result("report", call_id="c1"))
    make_strand(session, [user("find it"), agent("found it")], key="helper/1", title="Find the cause")
    html = page(client, session)
    assert "Find the cause" in html
    assert "found it" not in html
    (link,) = links(html, "Open this thread")
    assert link == f"/session/{session.pk}?strand=helper%2F1"
    assert "found it" in client.get(link).content.decode()
    lane = client.get(f"{link}&part=lane", headers={"HX-Request": "true"}).content.decode()
    assert lane.lstrip().startswith('<ol class="rows rows-lane">')
    assert 'id="e-helper/1.1"' in lane


def test_it_knows_no_thread_of_another_name(client: Client) -> None:
    assert client.get(f"/session/{make_session().pk}?strand=ghost").status_code == 404


class TestEventAddress:
    def test_it_opens_the_window_and_the_row(self, client: Client) -> None:
        session = long_session(350)
        html = client.get(f"/session/{session.pk}/e/main.200").content.decode()
        assert 200 in rows(html)
        assert re.findall(r'is-target" id="e-main.(\d+)"', html) == ["200"]

    def test_it_finds_the_call_of_a_result(self, client: Client) -> None:
        session = make_session(call(call_id="c1"), result(call_id="c1"))
        html = client.get(f"/session/{session.pk}/e/main.1").content.decode()
        assert 'is-target" id="e-main.0"' in html

    def test_it_looks_for_the_id_where_numbers_have_moved(self, client: Client) -> None:
        session = make_session(user(), agent(), agent("moved", event_id="wanted"))
        html = client.get(f"/session/{session.pk}/e/main.0?id=wanted").content.decode()
        assert 'is-target" id="e-main.2"' in html

    @pytest.mark.parametrize("place", ["main.99", "ghost.0", "main.0?id=unknown"])
    def test_it_says_when_the_event_is_not_there(self, client: Client, place: str) -> None:
        assert client.get(f"/session/{make_session().pk}/e/{place}").status_code == 404

    def test_it_shows_in_full_what_the_page_cuts(self, client: Client) -> None:
        session = make_session(agent("word " * 3000 + "the end"))
        html = page(client, session)
        assert "the end" not in html
        assert "Show the other" in html
        row = client.get(f"/session/{session.pk}/e/main.0?part=row", headers={"HX-Request": "true"}).content.decode()
        assert "the end" in row
        assert row.lstrip().startswith("<li")


class TestCost:
    def test_it_asks_as_much_for_a_long_session_as_for_a_short_one(
        self, client: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for length in (100, 5000):
            session = long_session(length)
            page(client, session)
            with django_assert_num_queries(6):
                page(client, session)

    def test_it_opens_few_frames_of_a_long_session(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        session, opened = long_session(5000), []
        read = bodies.packed_bytes

        def counted(strand: Strand, frame: Frame) -> bytes:
            opened.append(frame.n)
            return read(strand, frame)

        monkeypatch.setattr(bodies, "packed_bytes", counted)
        page(client, session, "?from=2500")
        assert len(opened) <= 2


class TestRaw:
    def test_it_downloads_hail(self, client: Client) -> None:
        session = make_session(user("hello"), hail_id='x/../"y')
        answer = client.get(f"/session/{session.pk}/raw")
        lines = b"".join(answer).decode().splitlines()
        assert len(lines) == 3
        assert "hello" in lines[1]
        assert answer["Content-Disposition"] == 'attachment; filename="x-..-y.hail.jsonl"'


def test_it_tells_of_a_missing_body(client: Client) -> None:
    for length in (1000, 3000):
        session = long_session(length)
        bodies.delete([Strand.objects.get(session=session).body])
        html = page(client, session)
        assert "fsck" in html
        assert "Agent " in html


class TestLive:
    def test_it_says_where_to_ask_for_more(self, client: Client) -> None:
        html = page(client, make_session())
        (url,) = re.findall(r'data-live-url="([^"]*)"', html)
        live = client.get(url.replace("&amp;", "&"), headers={"HX-Request": "true"}).content.decode()
        assert rows(live) == [0, 1]
        for part in (
            "session-title",
            "session-flow",
            "session-controls",
            "session-facts",
            "window-stop",
            "window-end",
            "later",
        ):
            assert f'id="{part}"' in live

    def test_it_begins_with_a_row_of_the_page(self, client: Client) -> None:
        # A run of notes is one row: asked for from its middle, it would come as another row.
        session = make_session(user(), *(note() for _ in range(60)), agent())
        html = page(client, session)
        (url,) = re.findall(r'data-live-url="([^"]*)"', html)
        live = client.get(url.replace("&amp;", "&"), headers={"HX-Request": "true"}).content.decode()
        assert set(rows(live)) <= set(rows(html))


def test_robots_may_come(client: Client) -> None:
    assert client.get("/robots.txt").content == b"User-agent: *\nAllow: /\n"


def test_it_has_no_other_pages(client: Client) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert b"Not Found" in answer.content
