"""A server of several processes, as people run it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psutil

from tests.base import REPOSITORY
from tests.publishing.requests import ADDRESS, JSON

_PREPARE = """
import django, sys
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.base import user
from tests.publishing.requests import key_of
sys.stdout.write(key_of(user("alice")))
"""


@dataclass
class Server:
    """A running server, and the key of alice, who has an account there."""

    process: psutil.Process
    port: int
    key: str
    environment: dict[str, str]

    def send(self, data: Any, length: int | None = None) -> tuple[int, dict[str, Any]]:
        """Upload a body; without a length in chunks. Raises OSError or HTTPException when the server dies over it."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=300)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": JSON}
        try:
            connection.request("POST", ADDRESS, data, headers | ({"Content-Length": str(length)} if length else {}))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def workers(self) -> list[psutil.Process]:
        return list(self.process.children())

    def asked(self, code: str) -> Any:
        """Run code in a process with this server's settings, and return what it leaves in `found`."""
        whole = f"import django, json, sys; django.setup()\n{code}\nsys.stdout.write(json.dumps(found))"
        return json.loads(_run([sys.executable, "-c", whole], self.environment))


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Server]:
    """Run a server whose data lie in an empty folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "opensession.settings",
        "OPENSESSION_PROFILE": "server",
        "OPENSESSION_DATA_DIR": str(folder),
        "BASE_URL": f"http://127.0.0.1:{port}",
    }
    environment |= settings
    key = _run([sys.executable, "-c", _PREPARE], environment)
    gunicorn = (
        f"-m gunicorn --bind=127.0.0.1:{port} --workers=2 --worker-class=gthread --threads=32 --no-control-socket"
    )
    process = subprocess.Popen([sys.executable, *gunicorn.split(), "opensession.wsgi"], cwd=REPOSITORY, env=environment)
    try:
        server = Server(psutil.Process(process.pid), port, key, environment)
        _wait_for(server)
        yield server
    finally:
        process.terminate()
        process.wait()


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, check=True, capture_output=True, text=True)
    return done.stdout


def _wait_for(server: Server) -> None:
    while True:
        try:
            server.send(b"{}", 2)
        except (OSError, HTTPException):
            time.sleep(0.05)
        else:
            return
