from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import Page
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.sessions.browser import overflow, site, tab

__all__ = ["site", "tab"]

pytestmark = pytest.mark.django_db


class TestDocs:
    def test_it_works(self, client: Client) -> None:
        answer = client.get("/docs", headers={"Accept": "text/html,*/*"})
        assert answer["Content-Type"] == "text/html; charset=utf-8"
        assert "<h1>HTTP API</h1>" in answer.content.decode()
        assert "Accept" in answer["Vary"]

    def test_it_is_markdown_on_demand(self, client: Client) -> None:
        answer = client.get("/docs", headers={"Accept": "application/json;q=0.1, text/markdown"})
        assert answer["Content-Type"] == "text/markdown; charset=utf-8"
        assert answer["Cache-Control"] == "public, max-age=3600"
        assert answer.content.decode().startswith("# HTTP API")
        assert "Accept" in answer["Vary"]


def test_it_tells_agents_where_to_look(client: Client, settings: Settings) -> None:
    settings.BASE_URL = "https://sessions.example.org"
    answer = client.get("/llms.txt")
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer["Cache-Control"] == "public, max-age=3600"
    text = answer.content.decode()
    assert text.count("https://sessions.example.org/api/sessions") == 4
    assert "https://sessions.example.org/docs" in text


@pytest.mark.django_db(transaction=True)
class TestTryingOn:
    def test_it_works_under_the_strict_policy(self, site: Page, live_server: LiveServer) -> None:
        site.goto(f"{live_server.url}/api/docs")
        site.locator("#operations-system-health button").first.click()
        site.get_by_role("button", name="Try it out").click()
        site.get_by_role("button", name="Execute").click()
        site.get_by_text('"status": "ok"').first.wait_for()

    def test_it_has_one_main_part_and_names_its_fields(
        self, site: Page, live_server: LiveServer, settings: Settings
    ) -> None:
        settings.BASE_URL = live_server.url
        # The document that another test has fetched names no server. What is routed comes from no cache.
        site.route("**/api/schema", lambda route: route.continue_())
        site.goto(f"{live_server.url}/api/docs")
        site.get_by_label("Server", exact=True).wait_for()
        assert site.get_by_role("main").count() == 1
        site.unroute_all()

    def test_it_fits_a_narrow_window(self, site: Page, live_server: LiveServer) -> None:
        site.set_viewport_size({"width": 320, "height": 800})
        site.goto(f"{live_server.url}/api/docs")
        site.locator("#operations-system-health").wait_for()
        assert overflow(site) == 0
        site.goto(f"{live_server.url}/docs")
        assert overflow(site) == 0
