from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from sessions.models import Session
from sessions.preview.errors import MAX_BYTES
from sessions.preview.throttle import PreviewThrottle
from tests.base import REPOSITORY
from tests.golden import FIXTURES
from tests.preview.upstream import NAME, Upstream, as_internet, certificate

pytestmark = pytest.mark.django_db

URL = "/api/ingest/preview"
HAIL = (REPOSITORY / "tests" / "hail" / "demo.hail.jsonl").read_bytes()
CODEX = (FIXTURES / "codex" / "tools.jsonl").read_bytes()
GIT = {"kind": "git", "remote": f"http://{NAME}/o/r", "ref": "main", "path": "a%20b/s.jsonl"}
HUB = {"kind": "github", "owner": "o", "repo": "r", "ref": "main", "path": "s.hail.jsonl"}


@pytest.fixture(autouse=True)
def no_calls_yet() -> None:
    cache.clear()


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    with as_internet(monkeypatch) as upstream:
        yield upstream


def inline(data: bytes, name: str = "sample.jsonl", **more: object) -> dict[str, object]:
    content = base64.b64encode(data).decode()
    return {"source": {"kind": "inline", "filename": name, "content_base64": content}, **more}


def ask(client: Client, asked: object) -> tuple[int, dict[str, Any]]:
    answer = client.post(URL, asked, content_type="application/json")
    return answer.status_code, answer.json()


def test_it_works(client: Client) -> None:
    status, said = ask(client, inline(HAIL))
    assert status == 200
    assert said.keys() == {"parser_used", "parser_candidates", "session", "source", "warnings"}
    assert (said["parser_used"], said["warnings"]) == ("hail", [])
    assert said["parser_candidates"][0] == {"id": "hail", "confidence": 100, "reason": "HAIL header line"}
    assert said["source"] == {"kind": "inline", "filename": "sample.jsonl", "content_base64": ""}
    assert said["session"]["session_id"] == "demo-1"
    assert said["session"].keys() >= {"version", "session_id", "agent", "context", "events", "stats"}
    assert Session.objects.count() == 0


def test_it_names_the_parser_of_a_log(client: Client) -> None:
    status, said = ask(client, inline(CODEX, parser_hint=None))
    assert (status, said["parser_used"], said["native_adapter"]) == (200, "codex", "codex")


def test_it_warns_of_a_hint_that_failed(client: Client) -> None:
    status, said = ask(client, inline(HAIL, parser_hint=" cursor "))
    assert (status, said["parser_used"]) == (200, "hail")
    (warning,) = said["warnings"]
    assert warning.startswith("parser_hint 'cursor' failed: ")


def test_it_reads_a_file_of_a_repository(client: Client, internet: Upstream) -> None:
    internet.body = CODEX
    status, said = ask(client, {"source": GIT, "unknown": 1})
    assert (status, said["parser_used"]) == (200, "codex")
    assert said["source"] == GIT | {"path": "a b/s.jsonl"}
    ((path, headers),) = internet.asked
    assert (path, headers["Host"]) == ("/o/r/raw/main/a%20b/s.jsonl", NAME)


def test_it_reads_a_file_of_github(
    client: Client, internet: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, _ = certificate(tmp_path, "raw.githubusercontent.com")
    internet.socket = server.wrap_socket(internet.socket, server_side=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    internet.body = HAIL
    status, said = ask(client, {"source": HUB})
    assert (status, said["parser_used"], said["source"]) == (200, "hail", HUB)
    assert internet.asked[0][0] == "/o/r/main/s.hail.jsonl"


@pytest.mark.parametrize(
    "source",
    [
        HUB | {"owner": "not valid"},
        HUB | {"ref": "a:b"},
        HUB | {"path": "a/../b"},
        GIT | {"remote": "http://localhost/o/r"},
        GIT | {"remote": "https://10.0.0.1/o/r"},
        GIT | {"remote": "https://me:secret@github.com/o/r"},
        GIT | {"remote": "https://github.com/o/r?x=1"},
        GIT | {"remote": "https://github.com/o/r/x"},
        {"kind": "inline", "filename": "..", "content_base64": "aGk="},
        {"kind": "inline", "filename": "a.jsonl", "content_base64": "not base64"},
        {"kind": "inline", "filename": "a.jsonl", "content_base64": " "},
    ],
)
def test_it_refuses_a_source_that_names_no_file(client: Client, source: dict[str, str]) -> None:
    status, said = ask(client, {"source": source})
    assert (status, said["code"]) == (400, "invalid_source")
    assert said.keys() == {"code", "message"}


def test_it_refuses_an_unknown_hint_before_it_fetches(client: Client, internet: Upstream) -> None:
    status, said = ask(client, {"source": GIT, "parser_hint": "nothing"})
    assert (status, said["code"], internet.asked) == (400, "invalid_source", [])


@pytest.mark.parametrize(
    ("name", "data", "hint", "code", "candidates"),
    [
        ("unknown.txt", b"This is prose.", "", "parse_failed", []),
        ("state.vscdb", b"no database", "", "parse_failed", ["cursor"]),
        ("state.vscdb", b"no database", "cursor", "parser_selection_required", ["cursor"]),
        ("a.jsonl", b"\xff\xfe", "", "parse_failed", []),
        ("a.jsonl", b"{}", "", "parser_selection_required", ["hail", "codex", "claude-code", "gemini"]),
    ],
)
def test_it_tells_why_nothing_was_read(
    client: Client, name: str, data: bytes, hint: str, code: str, candidates: list[str]
) -> None:
    status, said = ask(client, inline(data, name, parser_hint=hint))
    assert (status, said["code"]) == (422, code)
    assert [each["id"] for each in said.get("parser_candidates", [])] == candidates


def test_it_refuses_content_that_is_too_large(client: Client) -> None:
    for size in (MAX_BYTES + 1, 13 << 20):
        status, said = ask(client, inline(b"x" * size))
        assert (status, said["code"]) == (422, "file_too_large")


def test_it_says_why_a_file_was_not_fetched(client: Client, internet: Upstream) -> None:
    internet.status = 404
    status, said = ask(client, {"source": GIT})
    assert (status, said["code"], said["message"]) == (422, "fetch_failed", "The host answered 404.")


def test_it_does_not_reach_into_the_network_of_the_server(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(host: str, port: int, **kind: int) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in ("93.184.216.34", "10.0.0.1")]

    def connect(address: object, timeout: float) -> socket.socket:
        raise AssertionError(address)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    status, said = ask(client, {"source": GIT})
    assert (status, said["code"]) == (422, "fetch_failed")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"source": null}',
        b'{"source": {}}',
        b'{"source": {"kind": "svn"}}',
        b'{"source": {"kind": "git", "remote": "https://github.com/o/r", "ref": "main"}}',
        b'{"source": {"kind": "inline", "filename": 1, "content_base64": "aGk="}}',
        b'{"source": {"kind": "inline", "filename": "a", "content_base64": "aGk="}, "parser_hint": 1}',
        b'{"source": {"kind": "inline", "filename": "\\ud800", "content_base64": "aGk="}}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_it_refuses_a_malformed_request(client: Client, body: bytes) -> None:
    answer = client.generic("POST", URL, body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    "media", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_it_takes_only_json(client: Client, media: str) -> None:
    answer = client.generic("POST", URL, b'{"source": {}}', content_type=media)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_it_takes_every_kind_of_json(client: Client) -> None:
    answer = client.generic("POST", URL, b'{"source": {}}', content_type="application/vnd.x+json; charset=utf-8")
    assert answer.status_code == 400


def test_it_takes_no_body_over_the_limit(client: Client, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = client.generic("POST", URL, b" " * 1001, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_it_answers_to_posts_only(client: Client) -> None:
    answer = client.get(URL)
    assert (answer.status_code, {*answer["Allow"].split(", ")}) == (405, {"POST", "OPTIONS"})


def test_it_needs_no_login_and_no_token_of_a_form(settings: Settings) -> None:
    settings.OPENSESSION_PUBLIC_FEED_ENABLED = False
    client = Client(enforce_csrf_checks=True, headers={"Authorization": "Bearer nonsense"})
    assert ask(client, inline(HAIL))[0] == 200


def test_it_is_off_for_workers(client: Client, settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "worker"
    for answer in (client.get(URL), client.post(URL, inline(HAIL), content_type="application/json")):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_it_slows_down_who_asks_too_often(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PreviewThrottle, "rate", "2/min", raising=False)
    for forged in ("1.1.1.1", "2.2.2.2"):
        assert client.post(URL, "{}", "application/json", headers={"X-Real-IP": forged}).status_code == 400
    answer = client.post(URL, "{}", "application/json")
    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert int(answer["Retry-After"]) > 0
    assert client.post(URL, "{}", "application/json", REMOTE_ADDR="127.0.0.2").status_code == 400


def test_it_believes_no_client_about_its_address(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OPENSESSION_PROFILE = "server"
    monkeypatch.setattr(PreviewThrottle, "rate", "1/min", raising=False)
    answers = [
        client.post(URL, "{}", "application/json", headers={"X-Forwarded-For": forged}).status_code
        for forged in ("1.1.1.1", "2.2.2.2")
    ]
    assert answers == [400, 429]
