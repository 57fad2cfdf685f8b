from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.factories import agent, make_session, make_sessions, user
from tests.sessions.browser import overflow, site, tab

__all__ = ["site", "tab"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page_of_sessions(site: Page, live_server: LiveServer) -> Page:
    make_session(user("the zebra"), title="by codex", tool="codex", message_count=1)
    make_session(title="by claude", message_count=9, max_active_agents=2)
    site.goto(f"{live_server.url}/sessions")
    return site


def query(page: Page) -> str:
    return page.url.partition("?")[2]


def ends(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text) + "$")


def press(page: Page, keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_t_goes_through_the_tools(page_of_sessions: Page) -> None:
    press(page_of_sessions, "t")
    expect(page_of_sessions).to_have_url(ends("/sessions?tool=claude-code"))
    expect(page_of_sessions.locator("[data-session-id]")).to_have_count(1)
    press(page_of_sessions, "t")
    expect(page_of_sessions).to_have_url(ends("?tool=codex"))
    press(page_of_sessions, "t")
    expect(page_of_sessions).to_have_url(ends("/sessions"))


def test_o_goes_through_the_orders_and_round(page_of_sessions: Page) -> None:
    for expected in ("sort=popular", "sort=longest", ""):
        press(page_of_sessions, "o")
        expect(page_of_sessions).to_have_url(ends(f"?{expected}" if expected else "/sessions"))


def test_r_goes_through_the_ranges(page_of_sessions: Page) -> None:
    for expected in ("24h", "7d", "30d"):
        press(page_of_sessions, "r")
        expect(page_of_sessions).to_have_url(ends(f"?time_range={expected}"))
        expect(page_of_sessions.get_by_role("tab", selected=True).first).to_have_text(f"[{expected}]")


def test_l_switches_the_layout(page_of_sessions: Page) -> None:
    press(page_of_sessions, "l")
    expect(page_of_sessions.get_by_test_id("session-layout-summary")).to_contain_text("Agents = grouped")
    assert query(page_of_sessions) == "layout=agents"
    press(page_of_sessions, "l")
    expect(page_of_sessions.get_by_test_id("session-layout-summary")).to_contain_text("List = one")
    assert query(page_of_sessions) == ""


def test_it_leaves_the_browser_its_own_keys(page_of_sessions: Page) -> None:
    for key in ("Control+l", "Alt+t", "Meta+o"):
        page_of_sessions.keyboard.press(key)
    expect(page_of_sessions.locator(".card.is-selected .card-title")).to_have_text("by claude")
    assert query(page_of_sessions) == ""


def test_slash_searches(page_of_sessions: Page) -> None:
    press(page_of_sessions, "/")
    expect(page_of_sessions.locator("#session-search")).to_be_focused()
    page_of_sessions.keyboard.type("zebra t o")
    assert query(page_of_sessions) == ""
    page_of_sessions.locator("#session-search").fill("zebra")
    page_of_sessions.keyboard.press("Enter")
    expect(page_of_sessions.locator("[data-session-id]")).to_have_count(1)
    expect(page_of_sessions.locator("mark")).to_have_text("zebra")
    page_of_sessions.keyboard.press("Escape")
    expect(page_of_sessions.locator("[data-session-id]")).to_have_count(2)
    assert query(page_of_sessions) == ""


def test_j_and_k_choose_and_enter_opens(page_of_sessions: Page) -> None:
    chosen = page_of_sessions.locator(".card.is-selected .card-title")
    expect(chosen).to_have_text("by claude")
    for key, title in (("j", "by codex"), ("j", "by codex"), ("k", "by claude"), ("k", "by claude")):
        press(page_of_sessions, key)
        expect(chosen).to_have_text(title)
    press(page_of_sessions, "j")
    page_of_sessions.keyboard.press("Enter")
    expect(page_of_sessions.locator("h1")).to_have_text("by codex")


def test_enter_opens_the_first_without_a_choice(page_of_sessions: Page) -> None:
    page_of_sessions.keyboard.press("Enter")
    expect(page_of_sessions.locator("h1")).to_have_text("by claude")
    page_of_sessions.wait_for_load_state()  # Only then do keys mean something.
    page_of_sessions.keyboard.press("Escape")
    expect(page_of_sessions.locator("[data-session-id]")).to_have_count(2)


def test_back_restores_the_whole_page(page_of_sessions: Page) -> None:
    press(page_of_sessions, "o")
    expect(page_of_sessions).to_have_url(ends("?sort=popular"))
    press(page_of_sessions, "l")
    expect(page_of_sessions.get_by_test_id("session-layout-summary")).to_contain_text("Agents")
    page_of_sessions.go_back()
    expect(page_of_sessions.get_by_test_id("session-layout-summary")).to_contain_text("List")
    expect(page_of_sessions.locator("nav")).to_have_count(1)


class TestPalette:
    def test_it_opens_anywhere_and_runs_commands(self, page_of_sessions: Page) -> None:
        page_of_sessions.evaluate("window.dispatchEvent(new KeyboardEvent('keydown', {key: 'k', ctrlKey: true}))")
        expect(page_of_sessions.get_by_test_id("command-palette")).to_be_visible()
        expect(page_of_sessions.get_by_test_id("command-palette-input")).to_be_focused()
        page_of_sessions.keyboard.type("find session")
        page_of_sessions.keyboard.press("Enter")
        expect(page_of_sessions.get_by_test_id("command-palette")).to_be_hidden()
        expect(page_of_sessions.locator("#session-search")).to_be_focused()

    def test_it_says_when_nothing_matches_and_closes(self, page_of_sessions: Page) -> None:
        page_of_sessions.keyboard.press("Control+k")
        page_of_sessions.keyboard.type("zzz")
        expect(page_of_sessions.get_by_text("No matching command")).to_be_visible()
        page_of_sessions.keyboard.press("Escape")
        expect(page_of_sessions.get_by_test_id("command-palette")).to_be_hidden()
        assert page_of_sessions.url.endswith("/sessions")

    def test_the_arrows_go_round(self, page_of_sessions: Page) -> None:
        page_of_sessions.keyboard.press("Control+k")
        page_of_sessions.keyboard.press("ArrowUp")
        expect(page_of_sessions.locator(".palette [aria-selected=true]")).to_contain_text("Switch theme")
        page_of_sessions.keyboard.press("Enter")
        assert page_of_sessions.evaluate("document.documentElement.classList.contains('light')")


def test_the_theme_stays(page_of_sessions: Page) -> None:
    page_of_sessions.get_by_role("button", name="Light theme").click()
    page_of_sessions.reload()
    expect(page_of_sessions.get_by_role("button", name="Dark theme")).to_be_visible()


def test_it_shows_new_sessions_by_itself(page_of_sessions: Page) -> None:
    expect(page_of_sessions.locator("[data-session-id]")).to_have_count(2)
    press(page_of_sessions, "j")
    make_session(user(), agent(), title="just begun")
    expect(page_of_sessions.locator(".card-title").first).to_have_text("just begun")
    expect(page_of_sessions.locator(".card.is-selected .card-title")).to_have_text("by codex")
    expect(page_of_sessions.get_by_test_id("session-layout-summary")).to_contain_text("Sessions (3)")


def test_it_keeps_what_was_loaded_behind_the_first_page(site: Page, live_server: LiveServer) -> None:
    make_sessions(25)
    site.goto(f"{live_server.url}/sessions")
    site.get_by_text("Load More").click()
    expect(site.locator("[data-session-id]")).to_have_count(25)
    make_session(title="just begun")
    expect(site.locator("[data-session-id]")).to_have_count(26)


@pytest.mark.parametrize("width", [320, 640, 1024, 3840])
def test_it_is_never_wider_than_the_window(page_of_sessions: Page, live_server: LiveServer, width: int) -> None:
    make_session(user("zebra " + "x" * 500), title="A" * 300, repo="r" * 200, model="m" * 200)
    page_of_sessions.set_viewport_size({"width": width, "height": 700})
    for query in ("", "?layout=agents", "?search=zebra", "?search=nothing"):
        page_of_sessions.goto(f"{live_server.url}/sessions{query}")
        assert overflow(page_of_sessions) <= 0, query


def test_it_has_boxes_that_a_finger_hits(page_of_sessions: Page) -> None:
    box = page_of_sessions.get_by_label("Select for a handoff: by codex")
    for side in ("width", "height"):
        expect(box).to_have_css(side, "24px")
