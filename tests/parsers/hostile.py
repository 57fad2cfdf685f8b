"""Read a hostile file with every right to refuse it, and none to fail otherwise."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from opensession.hail import jsonl
from parsers import recognise, sessions
from parsers.base import ParseError, Sample

MAX_SECONDS = 1.0
"""That a parser may take for one hostile input of a few megabytes; `make fuzz` tells which took longer."""


def survive(path: Path, tool: str) -> float:
    """Recognise and read a file, and write and read its HAIL. Return the seconds it took; raises what it must not."""
    started = time.perf_counter()
    recognise(Sample(path))
    with suppress(ParseError):
        for session in sessions(path, tool):
            assert jsonl.loads(jsonl.dumps(session)).header == session.header
    return time.perf_counter() - started
