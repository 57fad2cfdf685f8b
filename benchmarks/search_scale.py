"""Full-text search over very many events."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.process import ROOT, environment, manage
from benchmarks.table import Row

BAR = 60
"""Milliseconds that 95 of 100 searches for words may take."""

_BARRED = {"rare word", "common word", "medium word", "phrase", "two words", "word without another"}


def measure(data_dir: Path, events: int = 1_000_000) -> Iterator[Row]:
    """Fill an empty data directory with synthetic events, and search in them."""
    env = environment(data_dir / "no-home", data_dir) | {"PYTHONPATH": str(ROOT)}
    manage("migrate", "--verbosity", "0", env=env)
    code = f"from benchmarks.search_world import report; report({events})"
    times: dict[str, list[float]] = json.loads(manage("shell", "--no-imports", "-c", code, env=env).output)
    for kind, each in times.items():
        yield Row(f"search, {kind}", _percentiles(each))
    barred = [each for kind in _BARRED for each in times[kind]]
    worst = _percentile(barred, 95)
    work = f"search for words in {events:,} events, 95th of 100"
    yield Row(work, _percentiles(barred), f"≤ {BAR} ms", worst <= BAR)


def _percentiles(times: Sequence[float]) -> str:
    return f"p50 {_percentile(times, 50):.0f} ms, p95 {_percentile(times, 95):.0f} ms"


def _percentile(times: Sequence[float], percent: int) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]
