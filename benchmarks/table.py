"""The rows that benchmarks give, and the table that is printed of them."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    """One bar: what was measured, what is asked, and whether it holds (None where nothing is asked)."""

    work: str
    measured: str
    bar: str = ""
    holds: bool | None = None


def ratio(work: str, value: float, bar: float, detail: str = "") -> Row:
    return Row(work, f"{value:.2f} ×{f' ({detail})' if detail else ''}", f"≤ {bar:g} ×", value <= bar)


def markdown(rows: Sequence[Row]) -> str:
    lines = ["| Work | Measured | Bar | Holds |", "|---|---|---|---|"]
    marks = {True: "yes", False: "**no**", None: ""}
    lines += [f"| {row.work} | {row.measured} | {row.bar} | {marks[row.holds]} |" for row in rows]
    return "\n".join(lines)


def machine() -> str:
    """Return one line about this machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"
