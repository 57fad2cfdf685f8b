"""Accounts in a real browser, which keeps our policy and follows redirects between sites."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import OAuthIdentity, User
from tests.accounts.fake_provider import Provider
from tests.base import user
from tests.sessions.browser import overflow, site, tab

__all__ = ["site", "tab"]

pytestmark = pytest.mark.django_db(transaction=True)


def log_in(page: Page, server: LiveServer) -> None:
    page.context.clear_cookies()
    page.goto(f"{server.url}/login?next=/settings")
    page.fill("#login-email", "alice@example.org")
    page.fill("#login-password", "correct horse")
    page.press("#login-password", "Enter")
    page.wait_for_url("**/settings")


def test_it_logs_in_and_out(site: Page, live_server: LiveServer, provider: Provider) -> None:
    user("alice")
    log_in(site, live_server)
    expect(site.get_by_test_id("account-menu-trigger")).to_have_text("[alice]")
    site.get_by_role("button", name="Logout").click()
    expect(site.locator("nav")).to_contain_text("Login")


def test_it_links_an_account_and_logs_in_with_it(site: Page, live_server: LiveServer, provider: Provider) -> None:
    alice = user("alice")
    log_in(site, live_server)
    site.get_by_role("button", name="Link GitHub").click()
    expect(site.locator("main")).to_contain_text("The account is linked.")
    assert OAuthIdentity.objects.get().user == alice
    site.context.clear_cookies()
    site.goto(f"{live_server.url}/login?next=/settings")
    site.get_by_role("link", name="Continue with GitHub").click()
    expect(site.get_by_test_id("account-menu-trigger")).to_have_text("[alice]")


def test_it_takes_tokens_out_of_the_address(site: Page, live_server: LiveServer, provider: Provider) -> None:
    site.context.clear_cookies()
    site.goto(f"{live_server.url}/api/auth/oauth/github")
    site.wait_for_url("**/sessions")
    assert "token" not in site.url
    assert "access_token" not in site.evaluate("performance.getEntriesByType('navigation')[0].name")
    site.go_back()
    assert "token" not in site.url
    assert User.objects.get().nickname == "octo"


@pytest.mark.parametrize("width", [320, 1280])
def test_it_fits(site: Page, live_server: LiveServer, provider: Provider, width: int) -> None:
    user("alice")
    site.set_viewport_size({"width": width, "height": 700})
    site.context.clear_cookies()
    for path in ("/login", "/register"):
        site.goto(live_server.url + path)
        assert overflow(site) == 0
    log_in(site, live_server)
    site.get_by_test_id("issue-api-key-button").click()
    expect(site.get_by_test_id("issued-api-key")).to_be_visible()
    assert overflow(site) == 0


def test_it_shows_a_new_key_on_a_phone(site: Page, live_server: LiveServer, provider: Provider) -> None:
    user("alice")
    site.set_viewport_size({"width": 320, "height": 568})
    log_in(site, live_server)
    site.get_by_test_id("issue-api-key-button").click()
    expect(site.get_by_test_id("issued-api-key")).to_be_in_viewport()
