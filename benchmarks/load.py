"""`make load`: read from servers with few and with many sessions at once, and hold their answers against an empty one.

Several clients ask each server over the loopback device, one kind of request after the other: `/api/health`, which does
nothing, lists, single sessions, and searches. What counts is the time of the slowest 5 % against that of the empty
request in the same run, and how much that grows with the number of sessions.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

from benchmarks.process import ROOT, environment, manage
from benchmarks.table import Row, machine, markdown, ratio

BARS = {"list": 4.0, "detail": 5.0, "search": 6.0}
"""How many times the empty request each kind may take."""
GROWTH = 1.2
ROUNDS = 3
SECONDS_TO_START = 30


class World(NamedTuple):
    """A running server, and what to ask it for by kind."""

    size: int
    port: int
    asked: Mapping[str, Sequence[str]]


def main() -> int:
    options = _options()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    work = Path(tempfile.mkdtemp(prefix="opensession-load-"))
    try:
        rows = list(measure(work, options.sessions, options.seconds, options.clients))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"Measured on {machine()}.\n\n{markdown(rows)}")
    return 0 if all(row.holds is not False for row in rows) else 1


def measure(work: Path, sizes: Sequence[int], seconds: float, clients: int) -> Iterator[Row]:
    taken: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with ExitStack() as stack:
        worlds = [stack.enter_context(_world(work / str(size), size)) for size in sizes]
        # Machines drift, so the sizes take turns.
        for turn in range(ROUNDS):
            for world in worlds:
                for kind, times in _asked(world, seconds / ROUNDS, clients, turn):
                    taken[world.size][kind] += times
    for size in sizes:
        yield from _rows(size, taken[size])
    if len(sizes) > 1:
        yield from _growth(sizes, taken)


def _rows(size: int, taken: Mapping[str, Sequence[float]]) -> Iterator[Row]:
    empty = _p95(taken["empty"])
    for kind, bar in BARS.items():
        slow = _p95(taken[kind])
        detail = f"p95 {slow:.1f} ms over {empty:.1f} ms, {len(taken[kind]):,} requests"
        yield ratio(f"{kind} with {size:,} sessions, against an empty request", slow / empty, bar, detail)


def _growth(sizes: Sequence[int], taken: Mapping[int, Mapping[str, Sequence[float]]]) -> Iterator[Row]:
    few, many = taken[min(sizes)], taken[max(sizes)]
    for kind in BARS:
        # The median tells what the code does; the slowest tell also what else the machine did.
        grown = statistics.median(many[kind]) / statistics.median(few[kind])
        drift = statistics.median(many["empty"]) / statistics.median(few["empty"])
        yield ratio(f"{kind}: median with {max(sizes):,} against {min(sizes):,} sessions", grown / drift, GROWTH)


def _p95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


@contextmanager
def _world(folder: Path, size: int) -> Iterator[World]:
    """Fill a data directory, and serve it until the end of the block."""
    port = _free_port()
    env = environment(folder / "home", folder) | {
        "OPENSESSION_PROFILE": "server",
        "BASE_URL": f"http://127.0.0.1:{port}",
        "PYTHONPATH": str(ROOT),
    }
    print(f"storing {size:,} sessions …", file=sys.stderr)
    manage("migrate", "--verbosity", "0", env=env)
    code = f"from benchmarks.load_world import report; report({size})"
    asked = json.loads(manage("shell", "--no-imports", "-c", code, env=env).output)
    server = subprocess.Popen([sys.executable, "-m", "gunicorn", *_arguments(port)], env=env, cwd=ROOT)
    try:
        _wait_for(port)
        yield World(size, port, asked)
    finally:
        server.terminate()
        server.wait()


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


def _asked(world: World, seconds: float, clients: int, turn: int) -> Iterator[tuple[str, list[float]]]:
    """Let clients ask at once, and yield the milliseconds that they measured by kind."""
    script = str(ROOT / "benchmarks" / "load_client.py")
    command = [sys.executable, script, str(world.port), str(seconds)]
    running = [
        subprocess.Popen([*command, str(turn * clients + n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for n in range(clients)
    ]
    for client in running:
        assert client.stdin is not None
        client.stdin.write(json.dumps(world.asked))
        client.stdin.close()
        client.stdin = None
    for client in running:
        output, _ = client.communicate()
        if client.returncode:
            raise subprocess.CalledProcessError(client.returncode, script)
        yield from json.loads(output).items()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("--sessions", type=int, nargs="+", default=[1_000, 100_000], help="sizes to compare")
    parser.add_argument("--seconds", type=float, default=60, help="time of asking per size")
    parser.add_argument("--clients", type=int, default=2, help="processes that ask at once")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
