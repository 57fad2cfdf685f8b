"""`make fuzz`: read hostile versions of all fixtures, and of the corpus where it is, for a while.

Whatever raises anything but the parser's own error, or takes longer than it may, is printed with the seed that makes it
again; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from parsers.registry import REGISTRY, TOOLS
from tests.golden import cases, laid_out
from tests.parsers.hostile import MAX_SECONDS, survive
from tests.parsers.logs import CORPUS, corpus_files
from tests.parsers.mutations import mutated

MOST_BYTES = 2 << 20
"""Of a log of the corpus that is made hostile: the bar of a second is for inputs of a few megabytes."""


class Input(NamedTuple):
    tool: str
    path: Path


def main() -> int:
    options = _options()
    until = time.monotonic() + options.seconds
    with TemporaryDirectory(prefix="opensession-fuzz-") as folder:
        inputs = [*_fixtures(options.tool, Path(folder)), *_corpus(options.tool, Path(folder))]
        print(
            f"{len(inputs)} logs of {len({one.tool for one in inputs})} tools, {options.seconds:.0f} s", file=sys.stderr
        )
        count, faults = _run(inputs, options.first_seed, until)
    print(f"{count:,} hostile inputs: {len(faults)} faults")
    print("\n".join(sorted(faults)))
    return 1 if faults else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120, help="how long to go on (default: 120)")
    parser.add_argument("--first-seed", type=int, default=0, help="the seed to begin with")
    parser.add_argument("--tool", choices=TOOLS, help="this tool only")
    return parser.parse_args()


def _fixtures(tool: str | None, folder: Path) -> Iterator[Input]:
    for each in REGISTRY:
        if tool in (None, each.id):
            home = laid_out(each.id, folder)
            yield from (Input(each.id, home / case.removesuffix(".sql")) for case in cases(each.id))


def _corpus(tool: str | None, folder: Path) -> Iterator[Input]:
    """Yield copies of real logs, which lie alone: what is beside a log is made hostile with the fixtures."""
    for each in REGISTRY if CORPUS.is_dir() else ():
        if tool in (None, each.id):
            for number, log in enumerate(corpus_files(each.id)):
                if log.stat().st_size <= MOST_BYTES:
                    copy = folder / "corpus" / each.id / str(number) / log.name
                    copy.parent.mkdir(parents=True)
                    copy.write_bytes(log.read_bytes())
                    yield Input(each.id, copy)


def _run(inputs: list[Input], first_seed: int, until: float) -> tuple[int, set[str]]:
    count, faults = 0, set[str]()
    for seed in itertools.count(first_seed):
        for tool, path in inputs:
            if time.monotonic() > until:
                return count, faults
            good = path.read_bytes()
            path.write_bytes(mutated(good, seed))
            if fault := _fault(tool, path):
                faults.add(f"{tool} {path.name} seed {seed}: {fault}")
            path.write_bytes(good)
            count += 1
    raise AssertionError("seeds never end")


def _fault(tool: str, path: Path) -> str:
    try:
        seconds = survive(path, tool)
    except Exception as error:  # noqa: BLE001 - Whatever it is, it is a fault, and the next input must be tried.
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {str(error)[:80]}"
    return f"took {seconds:.1f} s" if seconds > MAX_SECONDS else ""


if __name__ == "__main__":
    raise SystemExit(main())
