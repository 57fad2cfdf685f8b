from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tests.base import SAMPLES
from tests.gitstore.repositories import git
from tests.publishing.requests import hail, said
from tests.publishing.served import Server, serving

SECRET = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
STORED = """
from sessions import bodies
from sessions.models import Session
found = [[one.visibility, one.tool, b"".join(bodies.raw(one)).decode()] for one in Session.objects.order_by("tool")]
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture
def file(tmp_path: Path) -> Path:
    given = tmp_path / "one.hail.json"
    given.write_text(json.dumps(hail(said(0, f"use {SECRET}"), said(1))))
    return given


def upload(*arguments: object) -> str:
    out = StringIO()
    call_command("upload", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_it_works(server: Server, file: Path, settings: Settings) -> None:
    address = f"http://127.0.0.1:{server.port}"
    settings.OPENSESSION_CONFIG.write_text(f'[server]\nurl = "{address}/"\napi_key = "{server.key}"\n')
    said = upload(file, "--private")
    assert "Parsed session: s1 (2 events)" in said
    assert "Replaced in it: 1 " in said
    assert f"at {address}/session/" in said
    upload(next(SAMPLES.glob(".codex/sessions/**/*.jsonl")), "--server", address, "--api-key", server.key)
    private, codex = server.asked(STORED)
    assert (private[:2], codex[:2]) == (["private", "claude-code"], ["public", "codex"])
    assert SECRET not in private[2]


def test_it_says_what_the_server_says(server: Server, file: Path) -> None:
    with pytest.raises(CommandError, match="answered 401: The key or token is not known"):
        upload(file, "--server", f"http://127.0.0.1:{server.port}", "--api-key", "osk_wrong")
    with pytest.raises(CommandError, match="does not answer as it should: Connection refused"):
        upload(file, "--server", "http://127.0.0.1:1", "--api-key", "osk_any")


class _Elsewhere(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(301)
        self.send_header("Location", "https://sessions.example.org/api/sessions")
        self.end_headers()

    def log_message(self, *about: Any) -> None:
        """Say nothing."""


def test_it_names_where_a_server_points_to(file: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        server.timeout = 30
        Thread(target=server.handle_request, daemon=True).start()
        with pytest.raises(CommandError, match=r"Moved Permanently to https://sessions\.example\.org/api"):
            upload(file, "--server", f"http://127.0.0.1:{server.server_port}", "--api-key", "osk_any")


@pytest.mark.parametrize(
    ("arguments", "problem", "code"),
    [
        (["--server", "https://example.org", "--git"], "leave out what is for a server", 1),
        (["--private", "--git"], "leave out what is for a server", 1),
        (["--server", "https://example.org"], "an API key is needed", 4),
        (["--api-key", "osk_x"], "name a server", 1),
        (["--server", "file:///etc", "--api-key", "osk_x"], "file:///etc is no address of a server; name", 1),
    ],
)
def test_it_says_what_is_missing(file: Path, arguments: list[str], problem: str, code: int) -> None:
    with pytest.raises(CommandError, match=problem) as caught:
        upload(file, *arguments)
    assert caught.value.returncode == code


def test_it_refuses_what_it_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("just words")
    for name, code in (("nothing", 3), ("words.txt", 2)):
        with pytest.raises(CommandError) as caught:
            upload(tmp_path / name)
        assert caught.value.returncode == code


def test_it_sends_no_part_of_another_session(tmp_path: Path) -> None:
    given = tmp_path / "child.hail.json"
    given.write_text(json.dumps(hail(context={"attributes": {"session_role": "auxiliary"}})))
    assert "Skipping upload" in upload(given)


def test_it_stores_a_session_in_its_repository(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "--quiet")
    monkeypatch.chdir(tmp_path)
    assert f"Stored v1/s1/s1.hail.jsonl on the branch opensession/sessions of {tmp_path}" in upload(file, "--git")
    body = git(tmp_path, "show", "opensession/sessions:v1/s1/s1.hail.jsonl")
    told = json.loads(git(tmp_path, "show", "opensession/sessions:v1/s1/s1.meta.json"))
    assert (body.count("\n"), SECRET in body) == (4, False)
    assert list(told) == ["model", "session_id", "session_role", "stats", "title", "tool"]
    assert (told["session_role"], told["stats"]["event_count"]) == ("primary", 2)
