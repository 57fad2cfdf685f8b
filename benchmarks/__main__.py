"""`make bench`: measure every bar in one run and print the table."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import ingest, pages, parsing, search_scale, startup, uploads
from benchmarks.table import Row, machine, markdown

PARTS: dict[str, Callable[[Path, bool], Iterator[Row]]] = {
    "index": lambda work, quick: ingest.full_index(work, copies=4 if quick else 40),
    "second-pass": lambda work, quick: ingest.second_pass(work, files=1_000 if quick else 10_000),
    "large": lambda work, quick: ingest.large_session(work, megabytes=50 if quick else 1_000),
    "handoff": lambda work, quick: startup.handoff(work, quick),
    "pages": lambda work, quick: pages.growth(work, sizes=(100, 1_000) if quick else (1_000, 10_000, 100_000)),
    "uploads": lambda work, quick: uploads.cost(work, megabytes=16 if quick else 255),
    "parsing": lambda work, quick: parsing.throughput(work / "parsing", quick),
    "search": lambda work, quick: search_scale.measure(work / "search", events=50_000 if quick else 1_000_000),
}


def main() -> int:
    options = _options()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # Without byte code every start takes four times as long.
    work = Path(tempfile.mkdtemp(prefix="opensession-bench-"))
    rows: list[Row] = []
    try:
        for name in options.only or PARTS:
            print(f"measuring {name} …", file=sys.stderr)
            rows += PARTS[name](work, options.quick)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    table = f"Measured on {machine()}.\n\n{markdown(rows)}\n"
    print(table)
    if options.write:
        options.write.write_text(_inserted(options.write.read_text(encoding="utf-8"), table), encoding="utf-8")
    return 0 if all(row.holds is not False for row in rows) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that the benchmark itself works")
    parser.add_argument("--only", action="append", choices=PARTS, help="measure this part only; may be repeated")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table behind FILE's line `<!-- table -->`")
    return parser.parse_args()


def _inserted(page: str, table: str) -> str:
    head, mark, _ = page.partition("<!-- table -->\n")
    return f"{head}{mark}{table}"


if __name__ == "__main__":
    raise SystemExit(main())
