from __future__ import annotations

import re

import pytest
from django.test import Client

from opensession.hail.actions import ToolCall
from opensession.hail.model import Code
from sessions.models import Frame, Session
from sessions.pages.timeline import WINDOW
from tests.factories import agent, call, event, make_session, note, result, shell, thinking, user
from tests.sessions.pages import links, long_session, page, rows, walk

pytestmark = pytest.mark.django_db


def swapped(client: Client, url: str) -> dict[str, str]:
    """Return the words of the line above the events that come with a part of them, by the ends of their ids."""
    html = client.get(url, headers={"HX-Request": "true"}).content.decode()
    found = re.findall(r'<span id="window-(\w+)"[^>]* hx-swap-oob="true">(.*?)</span>', html)
    return {name: re.sub(r"<[^>]+>", "", words) for name, words in found}


class TestWindows:
    @pytest.fixture
    def session(self) -> Session:
        return long_session(350)

    def test_it_opens_at_the_start(self, client: Client, session: Session) -> None:
        html = page(client, session)
        assert rows(html) == list(range(WINDOW))
        assert links(html, "Later events") == [f"/session/{session.pk}?from={WINDOW}"]
        assert links(html, "Earlier events") == []

    def test_it_goes_to_the_end(self, client: Client, session: Session) -> None:
        (end,) = links(page(client, session), "Jump to end")
        html = client.get(end).content.decode()
        assert rows(html)[-1] == 349
        assert len(rows(html)) == WINDOW

    def test_it_walks_through_everything_both_ways(self, client: Client, session: Session) -> None:
        assert list(walk(client, f"/session/{session.pk}", "Later events")) == list(range(350))
        backwards = list(walk(client, f"/session/{session.pk}?before=end", "Earlier events"))
        assert sorted(backwards) == list(range(350))

    @pytest.mark.parametrize("hide", ["2", "1", "4", "13"])
    def test_it_walks_through_what_the_filters_leave(self, client: Client, session: Session, hide: str) -> None:
        expected = [number for number in range(350) if ("4" if number == 345 else "1") not in hide]
        assert list(walk(client, f"/session/{session.pk}?hide={hide}", "Later events")) == expected
        backwards = list(walk(client, f"/session/{session.pk}?hide={hide}&before=end", "Earlier events"))
        assert sorted(backwards) == expected

    def test_it_says_which_events_are_shown_when_more_are_loaded(self, client: Client, session: Session) -> None:
        url = f"/session/{session.pk}"
        assert swapped(client, f"{url}?from=100&part=rows") == {"stop": "200 of 350 events", "end": "Jump to end"}
        assert swapped(client, f"{url}?from=250&part=rows") == {"stop": "350 of 350 events", "end": ""}
        assert swapped(client, f"{url}?before=250&part=rows") == {"first": "151"}
        assert swapped(client, f"{url}?search=step&part=rows") == {}

    def test_it_survives_any_number(self, client: Client, session: Session) -> None:
        for query in ("?from=999999", "?from=-1", "?from=x", "?before=0", "?before=999999999999", "?hide=abc9"):
            page(client, session, query)


def test_it_walks_over_many_frames(client: Client) -> None:
    session = long_session(3000)
    assert Frame.objects.count() > 4
    assert list(walk(client, f"/session/{session.pk}?hide=1", "Later events")) == [2995]
    assert list(walk(client, f"/session/{session.pk}?hide=1&before=end", "Earlier events")) == [2995]


class TestFilters:
    def test_it_hides_groups(self, client: Client) -> None:
        session = make_session(user(), thinking(), call(call_id="c1"), result(call_id="c1"), shell(), note())
        assert rows(page(client, session, "?hide=1")) == [1, 2, 4, 5]
        assert rows(page(client, session, "?hide=235")) == [0, 4]

    def test_it_counts_each_group(self, client: Client) -> None:
        html = page(client, make_session(user(), agent(), thinking(), call(call_id="c"), result(call_id="c"), shell()))
        counts = re.findall(r'class="filter-count">\((\d+)\)', html)
        assert counts == ["2", "1", "1", "1", "0"]

    def test_it_offers_the_other_state(self, client: Client) -> None:
        html = page(client, make_session(), "?hide=24")
        found = dict(re.findall(r'value="(\d*)" aria-pressed="(\w+)"', html))
        assert found == {"124": "true", "4": "false", "234": "true", "2": "false", "245": "true"}

    def test_it_says_when_nothing_is_left(self, client: Client) -> None:
        assert "No events match the filters" in page(client, make_session(), "?hide=12345")


class TestSearch:
    def test_it_finds_events_and_marks_the_words(self, client: Client) -> None:
        session = make_session(user("Find the session needle here"), agent("Nothing of the kind"))
        html = page(client, session, "?search=needle")
        assert "Find the session <mark>needle</mark> here" in html
        assert "1 matches" in html
        assert rows(html) == [0]

    def test_it_marks_no_markup(self, client: Client) -> None:
        session = make_session(agent("amp & [a span](https://example.org/span) `class`"))
        html = page(client, session, "?search=span")
        assert 'href="https://example.org/span"' in html
        assert "a <mark>span</mark></a>" in html
        assert "&amp; " in page(client, session, "?search=amp")

    def test_it_shows_what_lies_around_a_match(self, client: Client) -> None:
        lines = [f"line {number}" for number in range(600)]
        lines[400] = "here is the needle"
        session = make_session(result("\n".join(lines)), event(ToolCall(name="Read"), Code(code="\n".join(lines))))
        html = page(client, session, "?search=needle")
        assert html.count("here is the <mark>needle</mark>") == 2
        assert "line 397" in html
        assert "line 99\n" not in html
        assert "\n401\n" in html

    def test_it_says_when_nothing_was_found(self, client: Client) -> None:
        html = page(client, make_session(), "?search=zebra")
        assert "0 matches" in html
        assert "No matching events" in html

    def test_it_says_what_is_wrong_with_a_search(self, client: Client) -> None:
        assert "is not closed" in page(client, make_session(), '?search="fix')

    def test_it_finds_in_the_last_frame(self, client: Client) -> None:
        session = long_session(3000)
        assert rows(page(client, session, "?search=cart")) == [2995]

    def test_it_pages_through_many_matches(self, client: Client) -> None:
        session = long_session(1500)
        assert list(walk(client, f"/session/{session.pk}?search=question", "Later events")) == list(range(0, 1500, 10))
