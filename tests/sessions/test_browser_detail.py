from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from opensession.hail.model import Code
from sessions.models import Session
from sessions.pages.timeline import WINDOW
from tests.base import user as person
from tests.factories import (
    agent,
    append,
    call,
    edit,
    make_session,
    make_strand,
    note,
    result,
    shell,
    thinking,
    user,
)
from tests.sessions.browser import overflow, site, tab

__all__ = ["site", "tab"]

pytestmark = pytest.mark.django_db(transaction=True)

Open = Callable[..., Page]


@pytest.fixture
def opened(site: Page, live_server: LiveServer) -> Open:
    """Return what opens the page of a session."""

    def open_page(session: Session, query: str = "") -> Page:
        site.goto(f"{live_server.url}/session/{session.pk}{query}")
        return site

    return open_page


def rows(page: Page) -> Locator:
    return page.locator("#rows > [data-timeline-idx]")


def window_line(page: Page) -> Locator:
    return page.locator(".window-line")


def five_kinds() -> Session:
    return make_session(user("Fix it"), thinking("Hm"), call("Skill", "now"), shell("make"), note(), agent("Done"))


def test_digits_toggle_the_groups(opened: Open) -> None:
    page = opened(five_kinds())
    for key, left in (("1", 4), ("2", 3), ("3", 2), ("4", 1), ("5", 0)):
        page.keyboard.press(key)
        expect(rows(page)).to_have_count(left)
        expect(page.locator(f"#filter-{key}")).to_have_attribute("aria-pressed", "false")
    assert page.url.endswith("?hide=12345")
    for key in "12345":
        page.keyboard.press(key)
        expect(page.locator(f"#filter-{key}")).to_have_attribute("aria-pressed", "true")
    expect(rows(page)).to_have_count(6)
    assert page.url.endswith(f"/session/{Session.objects.get().pk}")


def test_slash_filters_to_what_matches(opened: Open) -> None:
    page = opened(make_session(user("Find the session needle here"), agent("1 2 3 nothing")))
    page.keyboard.press("/")
    expect(page.locator("#session-event-search")).to_be_focused()
    page.keyboard.type("needle")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 matches")).to_be_visible()
    expect(page.locator("[data-timeline-idx]")).to_have_count(1)
    expect(page.locator("mark")).to_have_text("needle")
    assert page.url.endswith("?search=needle")
    page.keyboard.press("Escape")
    expect(page.locator("#session-event-search")).to_have_value("")
    expect(page.locator("[data-timeline-idx]")).to_have_count(2)


def test_it_searches_while_one_types(opened: Open) -> None:
    page = opened(make_session(user("a needle"), agent("a haystack")))
    page.keyboard.press("/")
    page.keyboard.type("haystack")
    expect(page.get_by_text("1 matches")).to_be_visible()
    expect(page.locator("#session-event-search")).to_be_focused()
    expect(page.locator("#session-event-search")).to_have_value("haystack")


def test_a_filter_keeps_the_search(opened: Open) -> None:
    page = opened(make_session(user("needle one"), shell("needle two")), "?search=needle")
    page.locator("h1").click()
    page.keyboard.press("4")
    expect(rows(page)).to_have_count(1)
    assert sorted(page.url.partition("?")[2].split("&")) == ["hide=4", "search=needle"]


def test_n_and_p_go_from_match_to_match(opened: Open) -> None:
    page = opened(make_session(user("needle 1"), agent("hay"), agent("needle 2"), user("needle 3")), "?search=needle")
    here = page.locator(".row.is-here")
    for key, number in (("n", "0"), ("n", "2"), ("n", "3"), ("n", "0"), ("p", "3")):
        page.keyboard.press(key)
        expect(here).to_have_attribute("data-timeline-idx", number)
    expect(here).to_be_focused()


def test_j_and_k_scroll(opened: Open) -> None:
    page = opened(make_session(*(agent(f"line {number}") for number in range(60))))
    page.keyboard.press("j")
    page.wait_for_function("scrollY === 120")
    page.keyboard.press("k")
    page.wait_for_function("scrollY === 0")


def test_it_loads_what_comes_later_while_one_reads(opened: Open) -> None:
    page = opened(make_session(*(agent(f"step {number}") for number in range(WINDOW + 30))))
    expect(rows(page)).to_have_count(WINDOW)
    page.keyboard.press("End")
    expect(rows(page)).to_have_count(WINDOW + 30)
    expect(window_line(page)).to_have_text("1–130 of 130 events")


def test_it_loads_what_came_earlier_on_demand(opened: Open) -> None:
    page = opened(make_session(*(agent(f"step {number}") for number in range(WINDOW + 30))), "?before=end")
    expect(rows(page)).to_have_count(WINDOW)
    page.get_by_text("Earlier events").click()
    expect(rows(page)).to_have_count(WINDOW + 30)
    expect(rows(page).first).to_contain_text("step 0")
    expect(window_line(page)).to_have_text("1–130 of 130 events Start")


def test_an_event_address_shows_the_event(opened: Open) -> None:
    session = make_session(*(agent(f"step {number}") for number in range(300)))
    page = opened(session, "/e/main.200")
    expect(page.locator(".row.is-target")).to_be_in_viewport()
    expect(page.locator(".row.is-target")).to_contain_text("step 200")


def test_it_opens_a_subagent_in_its_place(opened: Open) -> None:
    session = make_session(call("Task", call_id="c1", subagent_id="helper"), result("report", call_id="c1"))
    make_strand(session, [user("find it"), agent("found it")], key="helper", title="Find the cause")
    page = opened(session)
    page.get_by_text("Find the cause").first.click()
    expect(page.get_by_text("found it")).to_be_visible()


def test_it_shows_the_rest_of_a_long_text(opened: Open) -> None:
    page = opened(make_session(agent("word " * 3000 + "the end")))
    page.get_by_text("Show more").click()
    page.get_by_text("Show the other").click()
    expect(page.get_by_text("the end")).to_have_count(1)


def test_it_shows_new_events_by_itself(opened: Open) -> None:
    session = make_session(user("Begin"), shell("make", None, call_id="c1"))
    page = opened(session)
    page.locator(".chip-head").click()
    expect(rows(page)).to_have_count(2)
    strand = session.strands.get()
    append(strand, [result("9 passed", call_id="c1"), agent("It works")])
    expect(rows(page)).to_have_count(3)
    expect(page.get_by_text("9 passed")).to_be_visible()
    expect(page.locator("#filter-1")).to_contain_text("(2)")
    expect(window_line(page)).to_have_text("1–4 of 4 events")
    append(strand, [user("More"), agent("Yes")])
    expect(rows(page)).to_have_count(5)
    expect(window_line(page)).to_have_text("1–6 of 6 events")


def test_it_says_of_new_events_that_they_are_behind_the_earlier_ones(opened: Open) -> None:
    session = make_session(*(agent(f"step {number}") for number in range(WINDOW * 2 + 30)))
    page = opened(session, "?before=end")
    expect(window_line(page)).to_have_text("131–230 of 230 events Start")
    append(session.strands.get(), [agent("the last one")])
    expect(window_line(page)).to_have_text("131–231 of 231 events Start")
    page.get_by_text("Earlier events").click()
    expect(window_line(page)).to_have_text("31–231 of 231 events Start")


def test_it_says_what_is_shown_after_the_filters_too(opened: Open) -> None:
    page = opened(make_session(*(agent(f"step {number}") for number in range(WINDOW + 30))))
    expect(window_line(page)).to_have_text("1–130 of 130 events")
    for left in (0, WINDOW):
        page.keyboard.press("1")
        expect(rows(page)).to_have_count(left)
    make_session()
    expect(window_line(page)).to_have_text("1–130 of 130 events")


def test_it_reads_on_when_much_is_new(opened: Open) -> None:
    session = make_session(user("Begin"))
    page = opened(session)
    append(session.strands.get(), [agent(f"step {number}") for number in range(WINDOW * 2)])
    expect(page.get_by_text("step 50", exact=True)).to_have_count(1)
    for _ in range(4):
        page.keyboard.press("End")
        page.wait_for_timeout(200)
    expect(rows(page)).to_have_count(WINDOW * 2 + 1)
    expect(window_line(page)).to_have_text("1–201 of 201 events")


def test_it_keeps_what_is_chosen_while_the_session_grows(
    opened: Open, site: Page, live_server: LiveServer, client: Client, settings: Settings
) -> None:
    settings.OPENSESSION_PROFILE = "server"
    alice = person("alice")
    client.force_login(alice)
    login = client.cookies[settings.SESSION_COOKIE_NAME].value
    site.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": login, "url": live_server.url}])
    session = make_session(user("Begin"), origin="uploaded", owner=alice, visibility="public")
    page = opened(session)
    page.get_by_label("Who may read it").select_option("private")
    append(session.strands.get(), [agent("Something new")])
    expect(page.get_by_text("Something new")).to_be_visible()
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_text("The session is private now.")).to_be_visible()
    site.goto("about:blank")
    site.context.clear_cookies()


def test_it_leads_the_tab_key_to_what_is_wider_than_its_place(opened: Open) -> None:
    code = f"```\n{'x ' * 500}\n```"
    page = opened(make_session(agent(f"{code}\n\n```\nshort\n```")))
    blocks = page.locator(".md-code-block pre")
    expect(blocks.nth(0)).to_have_attribute("tabindex", "0")
    expect(blocks.nth(1)).not_to_have_attribute("tabindex", "0")


@pytest.mark.parametrize("width", [320, 768, 1024, 3840])
def test_it_is_never_wider_than_the_window(opened: Open, width: int) -> None:
    endless = "x" * 3000
    session = make_session(
        *(user(endless), agent(f"`{endless}`\n\n```\n{endless}\n```\n\n| {endless} | a |\n| - | - |\n| 1 | 2 |")),
        *(thinking(endless), shell(endless, call_id="a"), result(endless, call_id="a"), edit(endless, f"+{endless}")),
        *(call(endless, endless, Code(code=endless, language="go")), note(endless), agent(f"# {endless}")),
        title=endless,
        repo=endless,
        cwd=endless,
        model=endless,
        tool_version=endless,
    )
    page = opened(session)
    page.set_viewport_size({"width": width, "height": 700})
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    assert overflow(page) <= 0
