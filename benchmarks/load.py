"""`make load`: read from servers with few and with many sessions, while others upload, as fast as an empty request?

Clients ask each server over the loopback device, one kind of request after the other: `/api/health`, which does
nothing, lists, single sessions, and searches; now and then they upload a session. What counts is the time of the
slowest 5 % against that of the empty request in the same run, and how much this grows with the number of sessions.
SQLite is measured always, PostgreSQL where `DATABASE_URL` names one, in which databases may be made.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.load_server import DATABASES, World, asked, served, settle
from benchmarks.table import Row, machine, markdown, ratio

BARS = {"list": 4.0, "detail": 5.0, "search": 6.0, "search for one": 6.0, "search for many": 6.0}
"""How many times the empty request each kind may take."""
GROWTH = 1.2
ROUNDS = 5
SHARE_OF_FEW = 0.5
"""Of the time for the most sessions, what each smaller number gets."""


def main() -> int:
    options = _options()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    rows: list[Row] = []
    for database in DATABASES if "DATABASE_URL" in os.environ else DATABASES[:1]:
        work = Path(tempfile.mkdtemp(prefix="opensession-load-"))
        try:
            rows += measure(work, database, options)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    print(f"Measured on {machine()}.\n\n{markdown(rows)}")
    return 0 if all(row.holds is not False for row in rows) else 1


def measure(work: Path, database: str, options: argparse.Namespace) -> Iterator[Row]:
    sizes = options.sessions
    taken: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    errors: list[str] = []
    with ExitStack() as stack:
        worlds = [stack.enter_context(served(work / str(size), database, size)) for size in sizes]
        # Machines drift, so the sizes take turns.
        for turn in range(ROUNDS):
            for world in worlds:
                errors += _gathered(world, taken[world.size], options, turn)
    count = sum(len(times) for own in taken.values() for times in own.values())
    said = f": {errors[0]}" if errors else ""
    yield Row(f"{database}: answers that were errors", f"{len(errors)} of {count:,}{said}", "0", not errors)
    for size in sizes:
        yield from _rows(f"{database}, {size:,} sessions", taken[size])
    if len(sizes) > 1:
        yield from _growth(database, sizes, taken)


def _gathered(world: World, taken: dict[str, list[float]], options: argparse.Namespace, turn: int) -> list[str]:
    """Add the milliseconds of one turn by kind, and return what went wrong."""
    seconds = options.seconds / ROUNDS * (1 if world.size == max(options.sessions) else SHARE_OF_FEW)
    errors: list[str] = []
    for answer in asked(world, seconds, options.clients, turn):
        errors += answer["errors"]
        for kind, times in answer["taken"].items():
            taken[kind] += times
    settle(world)
    return errors


def _rows(name: str, taken: Mapping[str, Sequence[float]]) -> Iterator[Row]:
    empty = _p95(taken["empty"])
    for kind, bar in BARS.items():
        slow = _p95(taken[kind])
        detail = f"p95 {slow:.1f} ms over {empty:.1f} ms, {len(taken[kind]):,} requests"
        yield ratio(f"{name}: {kind}, against an empty request", slow / empty, bar, detail)
    uploads = taken["upload"]
    middle = statistics.median(uploads)
    yield Row(f"{name}: upload of 1 MiB", f"p50 {middle:.0f} ms, p95 {_p95(uploads):.0f} ms, {len(uploads):,} uploads")


def _growth(database: str, sizes: Sequence[int], taken: Mapping[int, Mapping[str, Sequence[float]]]) -> Iterator[Row]:
    few, many = taken[min(sizes)], taken[max(sizes)]
    measures: Mapping[str, Callable[[Sequence[float]], float]] = {"slowest 5 %": _p95, "median": statistics.median}
    for kind in [*BARS, "upload"]:
        for name, measure in measures.items():
            grown = _against(measure, many, kind) / _against(measure, few, kind)
            against = f"{name} with {max(sizes):,} against {min(sizes):,} sessions"
            yield ratio(f"{database}: {kind}, {against}", grown, GROWTH)


def _against(measure: Callable[[Sequence[float]], float], taken: Mapping[str, Sequence[float]], kind: str) -> float:
    return measure(taken[kind]) / measure(taken["empty"])


def _p95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("--sessions", type=int, nargs="+", default=[1_000, 100_000], help="sizes to compare")
    parser.add_argument("--seconds", type=float, default=300, help="time of asking with the most sessions")
    parser.add_argument("--clients", type=int, default=2, help="processes that ask at once")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
