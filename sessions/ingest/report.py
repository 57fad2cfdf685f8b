"""What an indexing pass did, in the words of `index --json`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from msgspec import Struct, field


class Report(Struct):
    """Counts of one pass. `warnings` are sentences for people; `failed` counts logs that could not be read."""

    files_seen: int = 0
    files_opened: int = 0
    bytes_read: int = 0
    new: set[UUID] = field(default_factory=set)
    updated: set[UUID] = field(default_factory=set)
    sessions_unchanged: int = 0
    sessions_missing: int = 0
    events: int = 0
    records_unknown: int = 0
    warnings: list[str] = field(default_factory=list)
    failed: int = 0
    transactions: int = 0
    seconds: float = 0.0

    def add(self, new: set[UUID], updated: set[UUID], gone: set[UUID]) -> None:
        """Take what a batch stored: sessions that are new, changed, and gone with it."""
        self.new = (self.new | new) - gone
        self.updated = (self.updated | updated) - gone

    def as_json(self) -> dict[str, Any]:
        """Return the object that `index --json` prints."""
        return {
            "files_seen": self.files_seen,
            "files_opened": self.files_opened,
            "bytes_read": self.bytes_read,
            "sessions_new": len(self.new),
            "sessions_updated": len(self.updated - self.new),
            "sessions_unchanged": self.sessions_unchanged,
            "sessions_missing": self.sessions_missing,
            "events": self.events,
            "records_unknown": self.records_unknown,
            "warnings": self.warnings,
            "seconds": round(self.seconds, 3),
        }


def sentence(path: str, reason: str) -> str:
    """Return a warning about a path, fit for a terminal: names may hold control codes, or be no text at all."""
    return printable(f"{path}: {reason}")


def printable(text: str) -> str:
    """Return a text that no terminal takes for a command."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


class Progress(Struct, frozen=True):
    """How far a pass got: logs and bytes."""

    logs: int
    logs_of: int
    done: int
    of: int
