from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from sessions.models import Session
from tests.factories import agent, edit, make_session, make_sessions, shell, user
from tests.gitstore.repositories import git, repository
from tests.sessions.browser import overflow, site, tab

__all__ = ["site", "tab"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that the server runs in, which lies in no repository."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def worked(title: str = "Rounding of fees", cwd: str = "") -> Session:
    return make_session(user(f"Fix it: {title}"), edit(), shell("pytest", 1), agent("It fails"), title=title, cwd=cwd)


def opened(site: Page, live_server: LiveServer, path: str) -> Page:
    site.goto(f"{live_server.url}{path}")
    return site


@pytest.fixture
def page_of_sessions(site: Page, live_server: LiveServer) -> Page:
    for title in ("oldest", "middle", "newest"):
        worked(title)
    return opened(site, live_server, "/sessions")


def tick(page: Page, title: str) -> None:
    page.get_by_label(f"Select for a handoff: {title}").check()


class TestSelection:
    def test_it_hands_off_what_is_ticked(self, page_of_sessions: Page) -> None:
        page = page_of_sessions
        expect(page.locator("#selection")).to_be_hidden()
        tick(page, "oldest")
        expect(page.get_by_role("button", name="Hand off 1 session", exact=True)).to_be_visible()
        tick(page, "newest")
        page.get_by_role("button", name="Hand off 2 sessions").click()
        expect(page.locator("h1")).to_have_text("Handoff of 2 sessions")
        expect(page.locator("h2 a")).to_have_text(["newest", "oldest"])
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("session-layout-summary")).to_be_visible()

    def test_x_ticks_the_current_card(self, page_of_sessions: Page) -> None:
        page = page_of_sessions
        for key in "xjx":
            page.keyboard.press(key)
        expect(page.get_by_role("button", name="Hand off 2 sessions")).to_be_visible()
        expect(page.locator(".card.is-selected .card-title")).to_have_text("middle")
        page.keyboard.press("x")
        expect(page.get_by_role("button", name="Hand off 1 session", exact=True)).to_be_visible()
        page.keyboard.press("k")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("newest")

    def test_the_keys_of_the_list_work_from_a_box(self, page_of_sessions: Page) -> None:
        page = page_of_sessions
        tick(page, "newest")
        page.keyboard.press("j")
        expect(page.locator(".card.is-selected .card-title")).to_have_text("middle")
        page.get_by_label("Select for a handoff: newest").focus()
        page.keyboard.press("Space")
        expect(page.locator("#selection")).to_be_hidden()

    def test_it_keeps_what_is_ticked_when_the_list_changes(self, page_of_sessions: Page) -> None:
        page = page_of_sessions
        tick(page, "oldest")
        make_session(user("zebra"), title="just begun")
        expect(page.locator(".card-title").first).to_have_text("just begun")
        expect(page.get_by_label("Select for a handoff: oldest")).to_be_checked()
        expect(page.get_by_label("Select for a handoff: oldest")).to_be_focused()
        page.locator("#session-search").fill("zebra")
        page.keyboard.press("Enter")
        expect(page.locator("[data-session-id]")).to_have_count(1)
        tick(page, "just begun")
        page.get_by_role("button", name="Hand off 2 sessions").click()
        expect(page.locator("h2 a")).to_have_text(["just begun", "oldest"])

    def test_it_can_be_cleared(self, page_of_sessions: Page) -> None:
        page = page_of_sessions
        tick(page, "oldest")
        page.locator("select[name=tool]").select_option("claude-code")
        expect(page).to_have_url(re.compile("tool=claude-code"))
        page.get_by_role("button", name="Clear").click()
        expect(page.locator("#selection")).to_be_hidden()
        expect(page.get_by_label("Select for a handoff: oldest")).not_to_be_checked()

    def test_it_works_on_what_was_loaded_later(self, site: Page, live_server: LiveServer) -> None:
        make_sessions(25)
        page = opened(site, live_server, "/sessions")
        page.get_by_text("Load More").click()
        expect(page.locator(".card-check")).to_have_count(25)
        page.locator(".card-check").last.click()
        expect(page.get_by_role("button", name="Hand off 1 session", exact=True)).to_be_visible()


class TestPage:
    def test_h_opens_it_and_escape_leads_back(self, site: Page, live_server: LiveServer) -> None:
        session = worked()
        page = opened(site, live_server, f"/session/{session.pk}")
        page.keyboard.press("h")
        expect(page).to_have_url(f"{live_server.url}/session/{session.pk}/handoff")
        expect(page.locator("h1")).to_have_text("Handoff")
        page.keyboard.press("Escape")
        expect(page).to_have_url(f"{live_server.url}/session/{session.pk}")

    def test_the_palette_opens_it(self, site: Page, live_server: LiveServer) -> None:
        page = opened(site, live_server, f"/session/{worked().pk}")
        page.keyboard.press("Control+k")
        page.keyboard.type("hand off")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Handoff")

    def test_it_copies_the_markdown(self, site: Page, live_server: LiveServer) -> None:
        session = worked()
        site.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = opened(site, live_server, f"/session/{session.pk}/handoff")
        page.get_by_role("button", name="Copy as Markdown").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        expect(page.locator("#announce")).to_have_text("Copied")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == page.request.get(f"{page.url}?format=markdown").text()

    def test_it_selects_the_markdown_where_it_cannot_copy(self, site: Page, live_server: LiveServer) -> None:
        page = opened(site, live_server, f"/session/{worked().pk}/handoff")
        page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
        page.get_by_role("button", name="Copy as Markdown").click()
        expect(page.get_by_label("The handoff as Markdown")).to_be_visible()
        selected = "((field) => field.value.slice(field.selectionStart, field.selectionEnd))(document.activeElement)"
        assert page.evaluate(selected).startswith("# Session Handoff\n")

    def test_an_event_is_one_click_away(self, site: Page, live_server: LiveServer) -> None:
        page = opened(site, live_server, f"/session/{worked().pk}/handoff")
        page.locator(".is-next .cite").first.click()
        expect(page.locator(".row.is-target")).to_contain_text("pytest")

    def test_it_saves_an_artifact(self, site: Page, live_server: LiveServer, folder: Path) -> None:
        root = repository(folder / "shop")
        page = opened(site, live_server, f"/session/{worked(cwd=str(root)).pk}/handoff")
        page.get_by_label("Artifact id").fill("fees")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").first).to_contain_text("refs/opensession/handoff/artifacts/fees")
        assert git(root, "for-each-ref", "--format=%(refname)", "refs/opensession").split() == [
            "refs/opensession/handoff/artifacts/fees"
        ]

    @pytest.mark.parametrize("width", [320, 768, 1280, 3840])
    def test_it_is_never_wider_than_the_window(
        self, site: Page, live_server: LiveServer, folder: Path, width: int
    ) -> None:
        endless = "x" * 3000
        root = repository(folder / ("r" * 200))
        said = (user(endless), shell(endless, 1), edit(f"/{endless}"), shell(f"pytest {endless}", 0), agent(endless))
        session = make_session(*said, title=endless, model=endless, cwd=str(root))
        other = worked()
        site.set_viewport_size({"width": width, "height": 700})
        for path in (f"/session/{session.pk}/handoff", f"/handoff?session={session.pk}&session={other.pk}", "/handoff"):
            page = opened(site, live_server, path)
            page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
            assert overflow(page) <= 0, path
