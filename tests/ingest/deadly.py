"""What the parsing processes run in tests of their death: a parser that ends its process over some lines."""

from __future__ import annotations

import os
from multiprocessing.connection import Connection
from pathlib import Path

from parsers.base import Output
from parsers.claude_code import ClaudeCodeParser
from parsers.claude_code.reader import ClaudeCodeReader
from sessions.ingest import growing, workers

ALWAYS = "ends the process, every time"
ONCE = "ends the process, the first time: "
"""Before the path of a file, which is there until then."""


class Deadly(ClaudeCodeReader):
    def read(self, line: bytes, out: Output) -> None:
        if ALWAYS.encode() in line or self._is_first_time(line.decode()):
            os._exit(9)
        super().read(line, out)

    def _is_first_time(self, line: str) -> bool:
        mark = Path(line.partition(ONCE)[2].partition('"')[0])
        is_first_time = ONCE in line and mark.exists()
        if is_first_time:
            mark.unlink()
        return is_first_time


def serve(pipe: Connection) -> None:
    """Do as `workers.serve`, in small steps. Runs in a process of its own."""
    ClaudeCodeParser.reader = lambda self, path: Deadly(path)  # type: ignore[method-assign]
    growing.STEP = 2_000
    workers.serve(pipe)


def stillborn(pipe: Connection) -> None:
    """End before anything is read. Runs in a process of its own."""
    os._exit(9)
