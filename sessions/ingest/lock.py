"""One ingest at a time per data directory: the daemon, `index` and indexing on demand share a file lock."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Busy(Exception):
    """Another process is indexing into the same data directory."""


@contextmanager
def ingest_lock(data_dir: Path, wait: float) -> Iterator[bool]:
    """Hold the lock of `data_dir`, waiting up to `wait` seconds for it. Raises Busy.

    Yields whether the process that held it last was killed meanwhile.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(data_dir / "ingest.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _acquire(file, time.monotonic() + wait)
        was_killed = os.fstat(file).st_size > 0
        os.write(file, b"held")
        try:
            yield was_killed
        finally:
            os.ftruncate(file, 0)
    finally:
        os.close(file)


def _acquire(file: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Busy("another process is indexing; wait for it, or stop it, and try again") from None
            time.sleep(0.02)
        else:
            return
