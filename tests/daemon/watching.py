"""What the tests of the daemon share: a clock that is set, a real log that grows, and who opens logs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.base import REPOSITORY

SESSION = "3f1d2c4b-0a5e-4f6a-8b7c-9d0e1f2a3b4c"
PLACE = f".claude/projects/-home-dev-shop/{SESSION}.jsonl"
LINES = (REPOSITORY / "tests/fixtures/claude-code" / f"{SESSION}.jsonl").read_bytes().splitlines(keepends=True)

_opened: list[str] = []
_listens: list[str] = []


class Clock:
    """A clock that stands until it is set on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def write_lines(home: Path, lines: list[bytes]) -> Path:
    """Write a log of these lines and return its path."""
    path = home / PLACE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(lines))
    return path


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


@contextmanager
def opened_logs(home: Path) -> Iterator[list[str]]:
    """Give the list of the files below `home` that this process opens meanwhile, as the interpreter tells."""
    if not _listens:
        sys.addaudithook(_hear)
    _listens[:] = [str(home)]
    _opened.clear()
    try:
        yield _opened
    finally:
        _listens[:] = [""]


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    # A hook stays for the life of the process, so it has to be idle between the tests that want it.
    if event == "open" and _listens[0] and str(arguments[0]).startswith(_listens[0]):
        _opened.append(str(arguments[0]))
