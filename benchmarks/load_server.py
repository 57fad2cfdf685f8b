"""The servers of `make load`: fill a database, serve it, and let clients ask."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psutil
import psycopg
from psycopg import sql

from benchmarks.process import ROOT, environment, manage

DATABASES = ("SQLite", "PostgreSQL")
SECONDS_TO_START = 30
SECONDS_TO_SETTLE = 60
IDLE = 0.1
"""Seconds of computing within a second. A worker that waits looks for work now and then."""


class World(NamedTuple):
    """A running server, and what clients are told to ask it for."""

    size: int
    port: int
    told: dict[str, Any]
    processes: Sequence[psutil.Process]


@contextmanager
def served(folder: Path, database: str, size: int) -> Iterator[World]:
    """Fill a database, and serve it until the end of the block."""
    with ExitStack() as stack:
        env = _environment(folder)
        if database == "PostgreSQL":
            # As `compose.yaml` has it.
            env["DATABASE_URL"] = stack.enter_context(_database(os.environ["DATABASE_URL"], size))
            env["OPENSESSION_TASKS"] = "database"
        yield stack.enter_context(_running(database, size, env))


def _environment(folder: Path) -> dict[str, str]:
    port = _free_port()
    return environment(folder / "home", folder) | {
        "OPENSESSION_PROFILE": "server",
        "BASE_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "PYTHONPATH": str(ROOT),
    }


@contextmanager
def _running(database: str, size: int, env: Mapping[str, str]) -> Iterator[World]:
    print(f"storing {size:,} sessions in {database} …", file=sys.stderr)
    manage("prepare", env=env)
    code = f"from benchmarks.load_world import report; report({size})"
    told = json.loads(manage("shell", "--no-imports", "-c", code, env=env).output)
    port = int(env["PORT"])
    commands = [[sys.executable, "-m", "gunicorn", *_arguments(port)]]
    if "OPENSESSION_TASKS" in env:
        commands.append([sys.executable, str(ROOT / "manage.py"), "db_worker"])
    running = [subprocess.Popen(command, env=env, cwd=ROOT) for command in commands]
    try:
        _wait_for(port)
        yield World(size, port, told, [psutil.Process(each.pid) for each in running])
    finally:
        for process in running:
            process.terminate()
            process.wait()


def asked(world: World, seconds: float, clients: int, turn: int) -> Iterator[dict[str, Any]]:
    """Let clients ask at once, and yield what each of them says in the end."""
    script = str(ROOT / "benchmarks" / "load_client.py")
    command = [sys.executable, script, str(world.port), str(seconds)]
    running = [
        subprocess.Popen([*command, str(turn * clients + n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for n in range(clients)
    ]
    for client in running:
        assert client.stdin is not None
        client.stdin.write(json.dumps(world.told))
        client.stdin.close()
        client.stdin = None
    for client in running:
        output, _ = client.communicate()
        if client.returncode:
            raise subprocess.CalledProcessError(client.returncode, script)
        yield json.loads(output)


def settle(world: World) -> None:
    """Wait until a world has done all its work: it would take the time of the next one's answers.

    Raises TimeoutError if it has not after a minute.
    """
    used = _used(world)
    for _ in range(SECONDS_TO_SETTLE):
        time.sleep(1)
        before, used = used, _used(world)
        if used - before < IDLE:
            return
    raise TimeoutError(f"the server of {world.size:,} sessions still works after {SECONDS_TO_SETTLE} s")


def _used(world: World) -> float:
    """Return the seconds that the processes of a world have computed, with those that ended."""
    processes = [each for main in world.processes for each in (main, *main.children(recursive=True))]
    return float(sum(sum(process.cpu_times()) for process in processes))


@contextmanager
def _database(url: str, size: int) -> Iterator[str]:
    """Make a database beside the one at `url` until the end of the block, and return its address."""
    name = f"opensession_load_{size}"
    _drop(url, name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
    finally:
        _drop(url, name)


def _drop(url: str, name: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        # A worker's connection may outlive it for a moment.
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _arguments(port: int) -> list[str]:
    # As `manage.py serve` starts it, but for this machine only.
    return [
        f"--bind=127.0.0.1:{port}",
        f"--workers={os.cpu_count() or 1}",
        *("--worker-class=gthread", "--threads=64", "--graceful-timeout=2", "--log-level=warning"),
        *("--no-control-socket", "opensession.wsgi"),
    ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/api/health")
            connection.getresponse().read()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
