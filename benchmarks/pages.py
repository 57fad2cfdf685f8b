"""Server time of pages, and of searching, while sessions become more and longer."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import homes
from benchmarks.process import ROOT, environment, manage, run
from benchmarks.table import Row

FLAT = 1.2
"""A page may take this much longer with a hundred times more data."""

_LENGTHS = (100, 1_000, 100_000)
_TIMED = """
import json, os, statistics, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "opensession.settings"
import django
django.setup()
from django.test import Client
client = Client(SERVER_NAME="localhost")
def median(path):
    times = []
    for _ in range(31):
        started = time.perf_counter()
        answer = client.get(path)
        b"".join(answer) if answer.streaming else answer.content
        times.append(time.perf_counter() - started)
        assert answer.status_code == 200, (path, answer.status_code)
    return statistics.median(times[1:])
print(json.dumps({path: median(path) for path in sys.argv[1:]}))
"""
_FILL = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "opensession.settings"
import django
django.setup()
from datetime import UTC, datetime, timedelta
from sessions.models import Session
have, want = Session.objects.count(), int(sys.argv[1])
start = datetime(2025, 1, 1, tzinfo=UTC)
Session.objects.bulk_create(
    [
        Session(
            tool=("claude-code", "codex")[n % 2], hail_id=f"filler-{n}", title=f"Session number {n}", model="bench",
            repo=f"project-{n % 200}", created_at=start + timedelta(minutes=n), updated_at=start + timedelta(minutes=n),
            indexed_at=start, event_count=50, message_count=n % 977, duration_seconds=n % 7919,
        )
        for n in range(have, want)
    ],
    batch_size=5_000,
)
"""


LISTS = ("/sessions", "/sessions?sort=longest&tool=codex")
ROUNDS = 3


def growth(work: Path, sizes: Sequence[int]) -> Iterator[Row]:
    """Time the list with ever more sessions, and the detail page with ever longer ones."""
    worlds = [_world(work, f"list-{size}", size) for size in sizes]
    # Machines drift, so the sizes take turns, and the best round of each counts.
    rounds = [[_medians(LISTS, env) for env in worlds] for _ in range(ROUNDS)]
    for path in LISTS:
        times = [min(turn[at][path] for turn in rounds) for at in range(len(sizes))]
        yield _flat(f"list page `{path}`", times, [f"{size:,} sessions" for size in sizes])
    yield _detail(work / "detail-home", _world(work, "detail", 0, work / "detail-home"))


def _world(work: Path, name: str, size: int, home: Path | None = None) -> dict[str, str]:
    """Return the environment of a data directory with `size` sessions in its index."""
    env = environment(home or work / "no-home", work / name) | {"PYTHONPATH": str(ROOT)}
    manage("migrate", "--verbosity", "0", env=env)
    manage("collectstatic", "--verbosity", "0", "--no-input", env=env)
    run([sys.executable, "-c", _FILL, str(size)], env)
    return env


def _detail(home: Path, env: dict[str, str]) -> Row:
    paths = []
    for number, length in enumerate(_LENGTHS):
        log = homes.session(home, number, messages=length // 3)
        paths.append(log.stem)
    manage("index", env=env)
    found = json.loads(run([sys.executable, "-c", _IDS, *paths], env).output)
    times = _medians([f"/session/{found[path]}" for path in paths], env)
    return _flat("detail page", list(times.values()), [f"{length:,} events" for length in _LENGTHS])


_IDS = """
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "opensession.settings"
import django
django.setup()
from sessions.models import Session
print(json.dumps({name: str(Session.objects.get(hail_id=name).pk) for name in sys.argv[1:]}))
"""


def _medians(paths: Sequence[str], env: dict[str, str]) -> dict[str, float]:
    """Return the median server time of each path in seconds."""
    times: dict[str, float] = json.loads(run([sys.executable, "-c", _TIMED, *paths], env).output)
    return times


def _flat(work: str, times: Sequence[float], sizes: Sequence[str]) -> Row:
    growth = times[-1] / times[0]
    detail = ", ".join(f"{seconds * 1000:.1f} ms at {size}" for seconds, size in zip(times, sizes, strict=True))
    return Row(work, f"{growth:.2f} × ({detail})", f"≤ {FLAT:g} ×", growth <= FLAT)
