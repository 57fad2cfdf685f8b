"""GitHub and GitLab in one, on this machine: a real server with their addresses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit


class Provider:
    """What the server answers, and what it was asked. Tests change the answers."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.token_answer: str | None = None
        self.emails_status = 200
        self.user: dict[str, Any] = {"id": 7, "login": "octo", "username": "octo", "avatar_url": "https://x.example/7"}
        self.emails: Any = [{"email": "Octo@Example.org", "primary": True, "verified": True}]

    def answer(self, path: str, form: dict[str, str], headers: dict[str, str]) -> tuple[int, str]:
        self.asked.append((path, form, headers))
        if path in ("/login/oauth/access_token", "/oauth/token"):
            good = json.dumps({"access_token": f"token-{form['code']}", "token_type": "bearer", "scope": "user"})
            return 200, good if self.token_answer is None else self.token_answer
        if not headers.get("Authorization", "").startswith("Bearer token-"):
            return 401, json.dumps({"message": "Bad credentials"})
        if path == "/api/user/emails":
            return self.emails_status, json.dumps(self.emails)
        return 200, json.dumps(self.user)


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._answer(dict(parse_qsl(body)))

    def do_GET(self) -> None:
        asked = dict(parse_qsl(urlsplit(self.path).query))
        if not self.path.split("?")[0].endswith("/oauth/authorize"):
            self._answer({})
            return
        # Whoever comes here is logged in and has allowed everything before.
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}?{urlencode({'code': 'c1', 'state': asked['state']})}")
        self.end_headers()

    def _answer(self, form: dict[str, str]) -> None:
        status, text = self.provider.answer(self.path, form, dict(self.headers))
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def serve() -> Iterator[Provider]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_port}")
    server.RequestHandlerClass = type("Handler", (_Handler,), {"provider": provider})
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield provider
    server.shutdown()
    server.server_close()
    thread.join()
