"""What every parser is made of: the `Parser` and `Reader` protocols and the `Output` that readers fill.

A reader turns the lines of one log into the events of one *strand* (the main thread of a session, or one of its
subagents). It can stop after any complete line and go on later: all it remembers is its `state`. Events are numbered
as they are emitted and keep their number; what a later line tells about an earlier event is an `Amendment`.
The law: reading a log cut at any line and resumed gives the same strand as reading it whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol
from zlib import crc32

from msgspec import Struct
from msgspec.structs import replace

from opensession.hail.model import Content, Event, Header

MAIN = "main"


class ParseError(Exception):
    """A file cannot be read as a session. `line` is 1-based, or 0 when the whole file is meant."""

    def __init__(self, path: Path | str, line: int, reason: str) -> None:
        where = f"{path}:{line}" if line else str(path)
        super().__init__(f"{where}: {reason}")
        self.path, self.line, self.reason = path, line, reason


class Amendment(Struct, frozen=True, omit_defaults=True, array_like=True):
    """A later fact about event `number`: fields to replace, or the event dropped as a duplicate.

    `totals` is what the amendment adds to the strand's `Tally`, by its field names; it may be negative.
    """

    number: int
    action: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    content: Content | None = None
    dropped: bool = False
    totals: dict[str, int] = {}

    def fold(self, event: Event) -> Event | None:
        """Return `event` with this amendment applied, or None when it was dropped."""
        if self.dropped:
            return None
        changes: dict[str, Any] = {}
        if self.action:
            changes["action"] = replace(event.action, **self.action)
        if self.attributes:
            changes["attributes"] = event.attributes | self.attributes
        if self.content is not None:
            changes["content"] = self.content
        return replace(event, **changes)


class Output:
    """What a reader made of the lines it was given since the output was created.

    `first` is the number of the next event; `seen` holds the CRC-32 of every event id of the strand so far, so that
    a repeated id becomes `id#2`, `id#3`; `marks` holds those of `events`. `skipped` counts the records not understood,
    by kind and reason.
    """

    __slots__ = ("amendments", "events", "first", "marks", "records", "seen", "skipped")

    def __init__(self, first: int = 0, seen: set[int] | None = None) -> None:
        self.first = first
        self.seen: set[int] = set() if seen is None else seen
        self.events: list[Event] = []
        self.marks: list[int] = []
        self.amendments: list[Amendment] = []
        self.records = 0
        self.skipped: dict[str, int] = {}

    def emit(self, event: Event) -> int:
        """Append `event` under a unique id and return its number."""
        mark = crc32(event.event_id.encode("utf-8", "replace"))
        if mark in self.seen:
            event, mark = self._renamed(event)
        self.seen.add(mark)
        self.marks.append(mark)
        self.events.append(event)
        return self.first + len(self.events) - 1

    def amend(self, amendment: Amendment) -> None:
        self.amendments.append(amendment)

    def skip(self, kind: str) -> None:
        """Count a record of `kind` that gave no event because it was not understood."""
        self.skipped[kind] = self.skipped.get(kind, 0) + 1

    def _renamed(self, event: Event) -> tuple[Event, int]:
        copy = 2
        while (mark := crc32(f"{event.event_id}#{copy}".encode("utf-8", "replace"))) in self.seen:
            copy += 1
        return replace(event, event_id=f"{event.event_id}#{copy}"), mark


class Reader(Protocol):
    """Reads one log, line by line."""

    state: Any
    """A msgspec Struct; assigning an earlier one resumes the reader there. Small: it is stored with the strand."""

    def read(self, line: bytes, out: Output) -> None:
        """Read one complete line (no line break) and count its records.

        Never raises for bad content: what is not understood is counted with `out.skip`.
        """

    def strand(self) -> str:
        """Return `MAIN`, or the id of the subagent whose log this is."""

    def header(self) -> Header:
        """Return what is known of the session so far; `session_id` is the native one, of the parent for a subagent."""

    def closings(self) -> Sequence[Event]:
        """Return the synthetic events that close what is still open. Made when read, never stored."""


class Parser(Protocol):
    """One agent's log format."""

    tool: str
    """The name as in HAIL's `agent.tool`."""

    version: int
    """Raised when the same log gives other events than before; stored sessions are then read again."""

    def claims(self, path: str) -> bool:
        """Tell by the path alone (forward slashes) whether this agent writes such a file."""

    def recognises(self, head: bytes) -> bool:
        """Tell by the first bytes (some complete lines) whether this looks like the format."""

    def reader(self, path: Path) -> Reader:
        """Return a reader at the start of the log at `path`. Opens nothing but small side files of the log."""

    def companions(self, path: Path) -> Sequence[Path]:
        """Return the logs of the subagents that belong to the session at `path`, in path order."""
