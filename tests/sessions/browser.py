"""What the tests in a browser share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from sessions import live


@pytest.fixture(scope="session")
def tab(browser: Browser) -> Iterator[Page]:
    """Return the one page that all tests use: a new one would start a process, which takes longer than most tests."""
    context = browser.new_context(timezone_id="UTC")
    yield context.new_page()
    context.close()


@pytest.fixture
def site(tab: Page, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """Return the page, as a reader has it who was never here. No script may fail on it."""
    watcher = live.Watcher()
    monkeypatch.setattr(live, "watcher", watcher)
    failures: list[str] = []
    tab.on("pageerror", lambda error: failures.append(str(error)))
    tab.on("console", lambda message: failures.append(message.text) if message.type == "error" else None)
    tab.set_viewport_size({"width": 1280, "height": 800})
    yield tab
    if tab.url.startswith(live_server.url):
        tab.evaluate("localStorage.clear()")
    tab.goto("about:blank")
    watcher.close()
    assert failures == []


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than the window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width
