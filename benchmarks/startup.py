"""How long a developer waits for a handoff: of the last of many sessions, and of a long one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import homes
from benchmarks.process import ROOT, best, environment, manage, run
from benchmarks.table import Row, ratio

_BARE = """
import django
from django.conf import settings
settings.configure()
django.setup()
"""
_HANDOFF = [sys.executable, str(ROOT / "manage.py"), "handoff", "--format", "json"]


SESSIONS = 10_000
LONG_MB = 100


def handoff(work: Path, quick: bool) -> Iterator[Row]:
    """Hand off the last of a home's sessions, against Django without any app; then a long session."""
    yield _last(work, 50 if quick else SESSIONS)
    yield from _long(work, 10 if quick else LONG_MB)


def _last(work: Path, sessions: int) -> Row:
    env = _indexed(work / "handoff", work / "handoff-data", lambda home: homes.many_small(home, sessions))
    command = [*_HANDOFF, "--last"]
    bare, taken = [], []
    for _ in range(8):
        bare.append(best(1, [sys.executable, "-c", _BARE], env))
        taken.append(best(1, command, env))
    detail = f"{min(taken) * 1000:.0f} ms over {min(bare) * 1000:.0f} ms"
    name = f"`handoff --last` of {sessions:,} sessions, against django.setup() without apps"
    return ratio(name, min(taken) / min(bare), 2, detail)


def _long(work: Path, megabytes: int) -> Iterator[Row]:
    """A session of messages, commands and what they gave, about 63,000 events in 100 MB."""
    env = _indexed(work / "long", work / "long-data", lambda home: homes.session(home, 1, messages=megabytes * 209))
    timed = min(run(_HANDOFF, env).seconds for _ in range(3))
    yield Row(f"handoff of a session of {megabytes} MB", f"{timed:.2f} s", "≤ 2 s", timed <= 2)
    peak = run(_HANDOFF, env, memory=True).peak_pss / 2**20
    yield Row("… peak memory of all processes (PSS)", f"{peak:.0f} MiB", "≤ 350 MiB", peak <= 350)


def _indexed(home: Path, data: Path, fill: Callable[[Path], object]) -> dict[str, str]:
    fill(home)
    env = environment(home, data)
    manage("migrate", "--verbosity", "0", env=env)
    manage("index", env=env)
    return env
