"""`make run` in short: everything starts, answers, and stops together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from tests.base import REPOSITORY, write_home
from tests.ingest.world import World
from tests.ingest.world import said as said_by_user

PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def up(port: int) -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "opensession.settings", "PORT": str(port)}
    command = [sys.executable, "manage.py", "up"]
    process = subprocess.Popen(
        command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


def get(port: int, path: str) -> tuple[int, str]:
    """Ask until the server answers."""
    deadline = time.monotonic() + PATIENCE
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.1)
        finally:
            connection.close()


@pytest.fixture(autouse=True)
def ctrl_c() -> None:
    """Let Ctrl-C end what is started here, also where a shell runs the tests in the background and ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_it_works_with_sessions(home: Path) -> None:
    write_home(home)
    port = free_port()
    with up(port) as process:
        status, page = get(port, "/")
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=PATIENCE)
    assert status == 200
    assert "overdue" in page.lower() or "20 cents" in page
    assert (process.returncode, "Stopped." in said, "sample sessions" in said) == (0, True, False)
    assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []


def test_it_shows_samples_where_no_agent_has_worked() -> None:
    port = free_port()
    with up(port) as process:
        status, page = get(port, "/")
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=PATIENCE)
    assert status == 200
    assert "gauge week" in page
    assert "sample sessions" in said
    assert process.returncode == 0


def test_samples_make_way_for_real_sessions(home: Path) -> None:
    for expected in (True, False):
        port = free_port()
        with up(port) as process:
            _, page = get(port, "/")
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE)
        assert ("gauge week" in page) is expected
        World(home).write(said_by_user(0, "fix the login"))
    assert "fix the login" in page


def test_it_names_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with up(port) as process:
            said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert f"port {port} cannot be used: Address already in use; choose another, as PORT=3001" in said


def test_it_stops_at_a_configuration_that_its_daemon_cannot_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    file = home / ".config" / "opensession" / "opensession.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[watchers]\ncustom_paths = 7\n")
    with up(free_port()) as process:
        said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert said.count(f"{file} is not right") == 1
    assert "Ctrl-C" not in said


@pytest.mark.parametrize("command", ["up", "index", "discover", "rundaemon"])
def test_it_reads_no_home_on_a_server(command: str) -> None:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "opensession.settings", "OPENSESSION_PROFILE": "server"}
    done = subprocess.run(
        [sys.executable, "manage.py", command],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "works in the local profile only" in done.stderr
