"""How long a developer waits for `handoff --last`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import homes
from benchmarks.process import ROOT, best, environment, manage
from benchmarks.table import Row, ratio

_BARE = """
import django
from django.conf import settings
settings.configure()
django.setup()
"""


def handoff(work: Path) -> Iterator[Row]:
    """Hand off the last of a home's sessions, against Django without any app."""
    home, data = work / "handoff", work / "handoff-data"
    for number in range(50):
        homes.session(home, number, messages=40)
    env = environment(home, data)
    manage("migrate", "--verbosity", "0", env=env)
    manage("index", env=env)
    command = [sys.executable, str(ROOT / "manage.py"), "handoff", "--last", "--format", "json"]
    bare, taken = [], []
    for _ in range(8):
        bare.append(best(1, [sys.executable, "-c", _BARE], env))
        taken.append(best(1, command, env))
    detail = f"{min(taken) * 1000:.0f} ms over {min(bare) * 1000:.0f} ms"
    yield ratio("`handoff --last`, against django.setup() without apps", min(taken) / min(bare), 2, detail)
