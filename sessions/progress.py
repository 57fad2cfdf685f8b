"""Progress of long work on stderr: after a second, and only when a person is looking at a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from sessions.ingest.report import Progress

PATIENCE = 1.0


@contextmanager
def progress_line(stream: TextIO) -> Iterator[Callable[[Progress], None] | None]:
    """Give a function that shows progress on one line of `stream`, or None when nobody looks."""
    if not stream.isatty():
        yield None
        return
    started = time.monotonic()
    shown = False

    def show(progress: Progress) -> None:
        nonlocal shown
        if time.monotonic() - started >= PATIENCE:
            shown = True
            stream.write(f"\r{line(progress)}")
            stream.flush()

    try:
        yield show
    finally:
        if shown:
            stream.write("\r" + " " * 60 + "\r")


def line(progress: Progress) -> str:
    share = progress.done / progress.of if progress.of else 1.0
    return f"Indexing {progress.logs:,} of {progress.logs_of:,} logs, {progress.done / 1e6:,.0f} MB ({share:.0%})"
