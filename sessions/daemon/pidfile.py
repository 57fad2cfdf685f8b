"""One daemon per data directory: a locked file that holds the number of the process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(Exception):
    """Another daemon serves the same data directory."""


@contextmanager
def only_instance(data_dir: Path) -> Iterator[None]:
    """Hold `daemon.pid` in `data_dir`, empty again afterwards. Raises AlreadyRunning, OSError.

    The lock decides, not the number: the system drops it with the process, so what a killed daemon left behind is no
    obstacle. The file is never removed, because a lock on a removed file keeps nobody out.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(data_dir / "daemon.pid", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(file)
        _write(file, f"{os.getpid()}\n")
        yield
        _write(file, "")
    finally:
        os.close(file)


def _lock(file: int) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        number = os.pread(file, 20, 0).decode(errors="replace").strip() or "?"
        raise AlreadyRunning(
            f"the daemon runs already for this data directory (process {number}); stop that one first"
        ) from None


def _write(file: int, text: str) -> None:
    os.ftruncate(file, 0)
    os.pwrite(file, text.encode(), 0)
