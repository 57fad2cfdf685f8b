from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.base import REPOSITORY
from tests.golden import FIXTURES
from tests.preview.upstream import NAME, Upstream, as_internet
from tests.sessions.browser import overflow, site, tab

__all__ = ["site", "tab"]

pytestmark = pytest.mark.django_db(transaction=True)

QUERY = f"/git?remote=http%3A%2F%2F{NAME}%2Fo%2Fr&ref=main&path=s.jsonl"


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    cache.clear()
    with as_internet(monkeypatch) as upstream:
        yield upstream


def test_it_reads_a_log_by_itself(site: Page, live_server: LiveServer, internet: Upstream) -> None:
    internet.body = (REPOSITORY / "tests" / "hail" / "demo.hail.jsonl").read_bytes()
    site.goto(live_server.url + QUERY)
    expect(site.get_by_role("heading", level=1)).to_have_text("Make the totals exact on every invoice (API_KEY=k-9)")
    expect(site.get_by_text("Done.", exact=True)).to_have_count(1)
    expect(site).to_have_title("Make the totals exact on every invoice (API_KEY=k-9) - opensession.io")
    assert len(internet.asked) == 1
    for width in (320, 1400):
        site.set_viewport_size({"width": width, "height": 800})
        assert overflow(site) == 0


def test_it_lets_the_reader_choose_a_parser(tab: Page, live_server: LiveServer, internet: Upstream) -> None:
    site, internet.body = tab, b"{}"  # Chrome calls an answer of 422 an error of the page, so `site` would fail.
    site.goto(live_server.url + QUERY)
    expect(site.get_by_role("heading", name="Parser selection required")).to_be_visible()
    site.set_viewport_size({"width": 320, "height": 800})
    assert overflow(site) == 0
    internet.body = (FIXTURES / "codex" / "tools.jsonl").read_bytes()
    site.get_by_role("button", name="codex").click()
    expect(site.get_by_text("parser: codex")).to_be_visible()
    assert "parser_hint=codex" in site.url


def test_it_reads_a_log_that_is_asked_for_in_the_form(site: Page, live_server: LiveServer, internet: Upstream) -> None:
    internet.body = (FIXTURES / "codex" / "tools.jsonl").read_bytes()
    site.goto(f"{live_server.url}/git")
    for label, words in (("Repository", f"http://{NAME}/o/r"), ("Branch, tag or commit", "main")):
        site.get_by_label(label).fill(words)
    site.get_by_label("Path of the log").fill("s.jsonl")
    site.get_by_role("button", name="Show the session").click()
    expect(site.get_by_text("parser: codex")).to_be_visible()
    assert site.url.endswith(QUERY)


def test_it_shows_the_beginning_of_a_large_log(site: Page, live_server: LiveServer, internet: Upstream) -> None:
    header, first, *_ = (REPOSITORY / "tests" / "hail" / "demo.hail.jsonl").read_bytes().splitlines(keepends=True)
    large = first.replace(b"Make the totals exact", b"totals " * 10_000)
    internet.body = header + b"".join(large.replace(b'"e1"', b'"e%d"' % n) for n in range(120))
    site.goto(live_server.url + QUERY)
    expect(site.get_by_text("of 120 events")).to_be_visible()


def test_it_says_that_a_server_does_not_have_it(site: Page, live_server: LiveServer, internet: Upstream) -> None:
    off = {"auth_enabled": False, "upload_enabled": False, "ingest_preview_enabled": False, "gh_share_enabled": False}
    site.route("**/api/capabilities", lambda route: route.fulfill(json=off))
    site.goto(live_server.url + QUERY)
    expect(site.get_by_text("does not support git source preview")).to_be_visible()
    site.unroute("**/api/capabilities")
    assert internet.asked == []
