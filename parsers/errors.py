"""What goes wrong in a parser."""

from __future__ import annotations

from pathlib import Path


class ParseError(Exception):
    """A file cannot be read as a session. `line` is 1-based, or 0 when the whole file is meant."""

    def __init__(self, path: Path | str, line: int, reason: str) -> None:
        where = f"{path}:{line}" if line else str(path)
        super().__init__(f"{where}: {reason}")
        self.path, self.line, self.reason = path, line, reason
