from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from opensession.hail import jsonl
from sessions.models import Session
from sessions.pages.preview import MOST_EVENTS
from sessions.preview.throttle import PreviewThrottle
from sessions.preview.views import MOST_BYTES
from tests.base import REPOSITORY
from tests.golden import FIXTURES
from tests.preview.upstream import NAME, Upstream, as_internet

pytestmark = pytest.mark.django_db

HAIL = (REPOSITORY / "tests" / "hail" / "demo.hail.jsonl").read_bytes()
ASKED = {"remote": f"http://{NAME}/o/r", "ref": "main", "path": "s.jsonl"}


@pytest.fixture(autouse=True)
def no_calls_yet() -> None:
    cache.clear()


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    with as_internet(monkeypatch) as upstream:
        yield upstream


def part(client: Client, answer: dict[str, Any]) -> HttpResponse:
    return client.post("/git/session", {"asked": ASKED, "answer": answer}, content_type="application/json")  # type: ignore[return-value]


def html(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status
    return str(answer.content.decode())


def test_it_asks_what_to_show(client: Client) -> None:
    page = html(client.get("/git"))
    assert 'name="remote"' in page
    assert 'action="/git" method="get"' in page
    assert "data-asked" not in page
    assert "Something is missing" not in page


@pytest.mark.parametrize("missing", ["remote", "ref", "path"])
def test_it_says_what_an_address_should_have(client: Client, missing: str) -> None:
    for way in (client.get, client.post):
        page = html(way("/git", ASKED | {missing: " "}), 400)
        assert "/git?remote=…&amp;ref=…&amp;path=…" in page


def test_it_fetches_nothing_for_an_address_that_is_opened(client: Client, internet: Upstream) -> None:
    page = html(client.get("/git", ASKED | {"parser_hint": "nonsense"}))
    assert internet.asked == []
    assert "&quot;parser_hint&quot;:&quot;&quot;" in page
    assert 'value="http://code.example.com/o/r"' in page
    assert 'action="/git" method="post"' in page


def test_it_shows_a_session_without_scripts(client: Client, internet: Upstream) -> None:
    internet.body = HAIL
    page = html(client.post("/git", ASKED))
    assert "http://code.example.com/o/r@main:s.jsonl" in page
    assert "parser: hail" in page
    assert "Make the totals exact" in page
    assert "13 events" in page
    assert "2 failed" in page
    assert Session.objects.count() == 0


def test_it_reads_with_the_parser_that_was_chosen(client: Client, internet: Upstream) -> None:
    internet.body = (FIXTURES / "codex" / "tools.jsonl").read_bytes()
    page = html(client.post("/git", ASKED | {"parser_hint": "goose"}))
    assert "parser: codex" in page
    assert "parser_hint &#x27;goose&#x27; failed: " in page


def test_it_offers_the_parsers_that_may_fit(client: Client, internet: Upstream) -> None:
    internet.body = b"{}"
    page = html(client.post("/git", ASKED | {"parser_hint": "codex"}), 422)
    assert "Parser selection required" in page
    assert page.count('name="parser_hint" value="') == 4
    assert "codex (selected)" in page


def test_it_says_why_there_is_nothing(client: Client, internet: Upstream) -> None:
    internet.status = 404
    assert "The host answered 404." in html(client.post("/git", ASKED), 422)
    assert "not on the public internet" in html(client.post("/git", ASKED | {"remote": "http://10.0.0.1/o/r"}), 400)


def test_it_wants_the_token_of_the_form(internet: Upstream) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/git", ASKED).status_code == 403
    assert part(client, {}).status_code == 403
    assert internet.asked == []


def test_it_slows_down_who_asks_too_often(client: Client, internet: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PreviewThrottle, "rate", "1/min", raising=False)
    internet.body = HAIL
    html(client.post("/git", ASKED))
    assert "wait a minute" in html(client.post("/git", ASKED), 429)
    assert client.post("/api/ingest/preview", "{}", "application/json").status_code == 429


def test_it_renders_what_the_api_said(client: Client) -> None:
    session = json.loads(jsonl.to_json(jsonl.loads(HAIL)))
    said = {"parser_used": "hail", "parser_candidates": [], "session": session, "source": ASKED | {"kind": "git"}}
    page = html(part(client, said | {"warnings": ["parser 'x' failed: <b>"]}))
    assert "<html" not in page
    assert "parser &#x27;x&#x27; failed: &lt;b&gt;" in page
    assert 'data-timeline-idx="12"' in page


def test_it_renders_why_the_api_refused(client: Client) -> None:
    choice = {"id": "codex", "confidence": 90, "reason": "<i>"}
    said = {"code": "parser_selection_required", "message": "<script>", "parser_candidates": [choice]}
    page = html(part(client, said))
    assert "&lt;script&gt;" in page
    assert "&lt;i&gt;" in page
    assert "90%" in page


def test_it_shows_the_beginning_of_a_long_session(client: Client) -> None:
    session = json.loads(jsonl.to_json(jsonl.loads(HAIL)))
    session["events"] = [session["events"][0] | {"event_id": f"e{n}"} for n in range(MOST_EVENTS + 1)]
    page = html(part(client, {"session": session}))
    assert f"The first {MOST_EVENTS} of {MOST_EVENTS + 1} events" in page
    assert page.count("data-timeline-idx") == MOST_EVENTS


def test_it_shows_hostile_sessions_as_text(client: Client) -> None:
    session = json.loads(jsonl.to_json(jsonl.loads(HAIL)))
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    session["context"]["title"] = session["agent"]["model"] = session["events"][0]["content"]["blocks"][0]["text"] = (
        evil
    )
    session["agent"]["tool"] = evil
    page = html(part(client, {"session": session, "parser_used": evil}))
    assert "<script" not in page
    assert "<img" not in page


def test_it_takes_no_answer_that_is_too_large(client: Client) -> None:
    answer = client.post("/git/session", "x" * (MOST_BYTES + 1), content_type="application/json")
    assert answer.status_code == 413


@pytest.mark.parametrize("body", ["", "{", "[]", "{}", '{"asked": {}, "answer": {"session": {}}}', "[" * 100_000])
def test_it_refuses_what_the_api_never_said(client: Client, body: str) -> None:
    answer = client.post("/git/session", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "text/plain"


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/gh/o/r/main/s.jsonl", "remote=https%3A%2F%2Fgithub.com%2Fo%2Fr&ref=main&path=s.jsonl"),
        ("/gh/o/r/v1/a/b%20c.jsonl?x=1", "remote=https%3A%2F%2Fgithub.com%2Fo%2Fr&ref=v1&path=a%2Fb+c.jsonl"),
        (
            "/gh/o/r/main/s?parser_hint=codex&view=native&ef=",
            "remote=https%3A%2F%2Fgithub.com%2Fo%2Fr&ref=main&path=s&view=native&parser_hint=codex",
        ),
    ],
)
def test_it_has_a_shorter_address_for_github(client: Client, path: str, query: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer["Location"]) == (302, f"/git?{query}")


def test_it_is_off_for_workers(client: Client, settings: Settings, internet: Upstream) -> None:
    settings.OPENSESSION_PROFILE = "worker"
    for answer in (client.get("/git", ASKED), client.post("/git", ASKED)):
        assert "does not support git source preview" in html(answer, 404)
    assert part(client, {}).status_code == 404
    assert internet.asked == []
