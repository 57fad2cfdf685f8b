"""The server as a team runs it: behind a proxy that ends TLS, with logs for machines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

from tests.base import REPOSITORY
from tests.test_up import PATIENCE, free_port


@contextmanager
def served(port: int, *, is_prepared: bool = True, **variables: str) -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "opensession.settings",
        "OPENSESSION_PROFILE": "server",
        "OPENSESSION_LOG_FORMAT": "json",
        "OPENSESSION_LOG_LEVEL": "INFO",
        "WEB_CONCURRENCY": "1",
        "PORT": str(port),
    }
    manage = [sys.executable, "manage.py"]
    if is_prepared:
        subprocess.run([*manage, "migrate", "--verbosity=0"], cwd=REPOSITORY, env=environment | variables, check=True)
    process = subprocess.Popen(
        [*manage, "serve"],
        cwd=REPOSITORY,
        env=environment | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


def get(port: int, path: str, **headers: str) -> HTTPResponse:
    """Ask until the server answers."""
    deadline = time.monotonic() + PATIENCE
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            response.read()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.1)
        else:
            return response
        finally:
            connection.close()


def test_it_is_ready_and_logs_an_object_a_line() -> None:
    port = free_port()
    with served(port) as process:
        assert get(port, "/api/ready").status == 200
        assert get(port, "/", X_Forwarded_Proto="https", X_Request_ID="from-a-proxy").status == 200
        process.terminate()
        _, said = process.communicate(timeout=PATIENCE)
    entries = [json.loads(line) for line in said.splitlines()]
    answered = [each for each in entries if each["logger"] == "opensession.requests"]
    assert [each["status"] for each in answered] == [200, 200]
    assert answered[-1]["request_id"] == "from-a-proxy"


def test_it_says_where_it_is_and_what_is_missing(data_dir: Path) -> None:
    port = free_port()
    with served(port, is_prepared=False) as process:
        assert get(port, "/api/ready").status == 503
        process.terminate()
        said, _ = process.communicate(timeout=PATIENCE)
    assert f"http://0.0.0.0:{port} (Ctrl-C stops it)" in said
    assert "Not ready yet: Migrations are waiting; run `manage.py prepare`." in said
    assert data_dir.stat().st_mode & 0o777 == 0o700


def test_it_believes_only_the_proxy_that_it_was_told_of() -> None:
    port = free_port()
    with served(port, FORWARDED_ALLOW_IPS="192.0.2.1"):
        assert get(port, "/api/health").status == 200
        answer = get(port, "/", X_Forwarded_Proto="https")
    assert (answer.status, answer.getheader("Location")) == (301, f"https://127.0.0.1:{port}/")


def test_it_lets_go_of_pages_that_listen_when_it_ends() -> None:
    port = free_port()
    with served(port) as process:
        assert get(port, "/api/health").status == 200
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("GET", "/events", headers={"X-Forwarded-Proto": "https"})
        stream = connection.getresponse()
        assert stream.readline() == b"retry: 2000\n"
        process.terminate()
        # A process that is killed cuts its answer short, which would raise here.
        assert b"ready" in stream.read()
        assert process.wait(PATIENCE) == 0
