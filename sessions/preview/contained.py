"""Parse what a stranger sent, in a process of its own that may only take so much time and memory."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from sessions.preview.child import Parsed, Task, Unread
from sessions.preview.errors import Busy, InvalidSource, ParseFailed, SelectionRequired

logger = logging.getLogger(__name__)

SECONDS = 30.0
"""How long a parser may take, also while others keep the machine busy."""

AT_ONCE = 2
"""Files that a server process has parsed at a time."""

PATIENCE = 10.0
"""Seconds that one more waits for its turn."""

_ROOT = Path(__file__).resolve().parent.parent.parent
_turns = threading.BoundedSemaphore(AT_ONCE)


def parse(name: str, data: bytes, hint: str = "", most: int = sys.maxsize, seconds: float = SECONDS) -> Parsed:
    """Return the session that a file holds, with its first `most` events. Raises PreviewError."""
    with _turn(), TemporaryDirectory(prefix="opensession-preview-") as folder:
        real = Path(folder).resolve()
        answer = _run(real, Task(str(real), name, data, hint, most), seconds)
    if isinstance(answer, Parsed):
        return answer
    kind = InvalidSource if answer.is_hint else SelectionRequired if answer.is_choice else ParseFailed
    raise kind(answer.reason, answer.candidates)


def _run(folder: Path, task: Task, seconds: float) -> Parsed | Unread:
    answer = folder / "answer"
    with answer.open("wb") as output:
        try:
            ended = subprocess.run(
                [sys.executable, "-P", "-B", "-m", "sessions.preview.child"],
                input=msgspec.msgpack.encode(task),
                stdout=output,
                stderr=subprocess.DEVNULL,
                timeout=seconds,
                cwd=folder,
                env=_environment(folder),
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ParseFailed("The file takes too long to parse.") from None
    if ended.returncode:
        logger.warning("the parser of a preview ended with %s", ended.returncode)
        raise ParseFailed("The file cannot be parsed: a parser failed over it, or took too much time or memory.")
    return msgspec.msgpack.decode(answer.read_bytes(), type=Parsed | Unread)


def _environment(folder: Path) -> dict[str, str]:
    """Return all that the process gets to know: not the secrets of the server, and no home."""
    path = os.environ.get("PATH", os.defpath)
    return {"HOME": str(folder), "TMPDIR": str(folder), "PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1", "PATH": path}


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=PATIENCE):
        raise Busy("Other files are being parsed; try again in a moment.")
    try:
        yield
    finally:
        _turns.release()
