from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from sessions import turns
from sessions.models import ShareLink
from tests.factories import make_session, user
from tests.sessions.browser import overflow, site, tab
from tests.sessions.links import SECRET, make_link, shared_session

__all__ = ["site", "tab"]

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "correct horse"


def test_it_shares_and_is_read(site: Page, live_server: LiveServer) -> None:
    session = shared_session()
    site.goto(f"{live_server.url}/session/{session.pk}")
    site.get_by_role("link", name="Share", exact=True).click()
    site.get_by_label("Password (optional)").fill(PASSWORD)
    site.get_by_label("Leave out turn #3").check()
    site.get_by_role("button", name="Make the link").click()
    expect(site.get_by_label("Address to share")).to_be_in_viewport()
    address = site.get_by_label("Address to share").input_value()
    assert re.fullmatch(rf"{live_server.url}/s/[\w-]{{43}}", address)
    # The page sends no referrer, so that the browser names no origin with the password.
    site.goto(address)
    site.get_by_label("Password").fill(PASSWORD)
    site.get_by_role("button", name="Open").click()
    expect(site.get_by_role("heading", level=1)).to_have_text("Ship the shop")
    assert SECRET not in site.content()
    assert "confidential" not in site.content()
    site.keyboard.press("Escape")
    site.keyboard.press("1")
    expect(site.locator("#filter-1")).to_have_attribute("aria-pressed", "false")
    assert site.url.startswith(address)


def test_it_takes_a_link_back(site: Page, live_server: LiveServer) -> None:
    session = shared_session()
    make_link(session)
    site.goto(f"{live_server.url}/session/{session.pk}/share")
    site.get_by_role("button", name="Revoke").click()
    expect(site.get_by_text("There is none.")).to_be_visible()
    assert ShareLink.objects.get().revoked_at


def test_it_looks_at_another_part(site: Page, live_server: LiveServer) -> None:
    session = make_session(*(user(f"question {number}") for number in range(turns.TURNS + 5)))
    site.goto(f"{live_server.url}/session/{session.pk}/share")
    site.get_by_role("button", name="Next", exact=False).click()
    expect(site.get_by_role("heading", name="What others will see")).to_be_in_viewport()
    site.get_by_role("button", name="Make the link").click()
    expect(site.get_by_label("Address to share")).to_be_in_viewport()


@pytest.mark.parametrize("width", [320, 1280])
def test_it_fits_into_every_window(site: Page, live_server: LiveServer, settings: Settings, width: int) -> None:
    session = shared_session()
    _, opened = make_link(session, allows_download=True)
    _, locked = make_link(session, password=PASSWORD)
    site.set_viewport_size({"width": width, "height": 700})
    for path in (f"/session/{session.pk}/share", f"/s/{opened}", f"/s/{locked}", f"/session/{session.pk}"):
        site.goto(live_server.url + path)
        assert overflow(site) <= 0, path
