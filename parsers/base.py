"""What every parser is made of: the protocols that it fulfils and the `Output` that it fills.

There are two kinds of logs. One that only grows is read by a `Reader`, which turns its lines into the events of one
*strand* (the main thread of a session, or one of its subagents). It can stop after any complete line and go on later:
all it remembers is its `state`. Events are numbered as they are emitted and keep their number; what a later line tells
about an earlier event is an `Amendment`. The law: reading a log cut at any line and resumed gives the same strand as
reading it whole.

All others (a JSON file, a folder, a database, Markdown) are a `Document`, which is read whole whenever it changed. It
holds the strands of one or of many sessions, each under a native id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable
from zlib import crc32

from msgspec import Struct
from msgspec.structs import replace

from opensession.hail.model import Content, Event, Header
from parsers.depth import shallow
from parsers.errors import ParseError
from parsers.sample import Match, Sample
from parsers.shapes import DOCUMENT, Shapes, note

__all__ = [
    "MAIN",
    "OF_SUBAGENT",
    "Amendment",
    "Document",
    "DocumentParser",
    "LineParser",
    "Match",
    "Output",
    "ParseError",
    "Parser",
    "Reader",
    "Sample",
    "Thread",
]

MAIN = "main"

OF_SUBAGENT = "#"
"""Parts a session's native id from the id of its subagent in a locator."""


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
    a repeated id becomes `id#2`, `id#3`; `marks` holds those of `events`. Every record is counted once in `kinds`;
    `shapes` tells which fields some of each kind have.
    `skipped` counts by kind and reason the records that were not understood; `ignored` those that were, and that give
    no event on purpose.
    """

    __slots__ = ("_copies", "amendments", "events", "first", "ignored", "kinds", "marks", "seen", "shapes", "skipped")

    def __init__(self, first: int = 0, seen: set[int] | None = None) -> None:
        self.first = first
        self.seen: set[int] = set() if seen is None else seen
        self.events: list[Event] = []
        self.marks: list[int] = []
        self.amendments: list[Amendment] = []
        self._copies: dict[str, int] = {}
        self.kinds: dict[str, int] = {}
        self.shapes: Shapes = {}
        self.skipped: dict[str, int] = {}
        self.ignored: dict[str, int] = {}

    def emit(self, event: Event) -> int:
        """Append `event` under a unique id and return its number."""
        if event.content.blocks and (content := shallow(event.content)) is not event.content:
            event = replace(event, content=content)
        mark = crc32(event.event_id.encode("utf-8", "replace"))
        if mark in self.seen:
            event, mark = self._renamed(event)
        self.seen.add(mark)
        self.marks.append(mark)
        self.events.append(event)
        return self.first + len(self.events) - 1

    def amend(self, amendment: Amendment) -> None:
        self.amendments.append(amendment)

    @property
    def records(self) -> int:
        return sum(self.kinds.values())

    def record(self, kind: str, record: object = None) -> None:
        """Count a record of the source as being of `kind`, in the source's own words.

        `record` is the object itself, or its JSON as bytes; None where it is neither.
        """
        kinds = self.kinds
        if kind in kinds:
            kinds[kind] = count = kinds[kind] + 1
            # The fields of every record would be felt, and the 1st, 4th, 16th, 64th … of a kind tell about all of them.
            if count & (count - 1) or not count & _POWERS_OF_FOUR:
                return
        else:
            _tick(kinds, kind)
        if record is not None:
            note(self.shapes, kind[:LONGEST_KIND], record)

    def document(self, holder: object) -> None:
        """Note the fields of what holds the records: a whole document, or a session's row. It is not counted."""
        note(self.shapes, DOCUMENT, holder)

    def skip(self, kind: str) -> None:
        """Count a record of `kind` that gave no event, or not all of it, because it was not understood."""
        _tick(self.skipped, kind)

    def ignore(self, kind: str) -> None:
        """Count a record that was understood and gives no event: a setting, a snapshot, an abandoned branch."""
        _tick(self.ignored, kind)

    def _renamed(self, event: Event) -> tuple[Event, int]:
        copy = self._copies.get(event.event_id, 1) + 1
        while (mark := crc32(f"{event.event_id}#{copy}".encode("utf-8", "replace"))) in self.seen:
            copy += 1
        self._copies[event.event_id] = copy
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
    """One agent's log format. It has `reader` and `companions` too, or else `open`."""

    tool: str
    """The name as in HAIL's `agent.tool`."""

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by its content alone whether a file is in this format, how surely, and why."""


@runtime_checkable
class LineParser(Parser, Protocol):
    """The format of a log that only grows, line by line."""

    def reader(self, path: Path) -> Reader:
        """Return a reader at the start of the log at `path`. Opens nothing but small side files of the log."""

    def companions(self, path: Path) -> Sequence[Path]:
        """Return the logs of the subagents that belong to the session at `path`, in path order."""


class Thread(NamedTuple):
    """Whose events a part of a document holds: those of a session, or of its subagent `strand`.

    The header's `session_id` is the native one, of the parent for a subagent.
    """

    header: Header
    strand: str = MAIN


class Document(Protocol):
    """A source that is open to be read whole."""

    def threads(self) -> Mapping[str, str]:
        """Return a locator for each of its threads, in order, with a mark that changes whenever that thread does.

        A locator is the session's native id, or empty where the source holds one session only; a subagent follows its
        session, with `OF_SUBAGENT` and its own id behind that. An empty mark means that only reading tells. Raises
        ParseError.
        """

    def read(self, locator: str, out: Output) -> Thread:
        """Read a thread's events into `out`, amendments included. Raises ParseError when it cannot be read at all."""


@runtime_checkable
class DocumentParser(Parser, Protocol):
    """The format of a source that is read whole."""

    def open(self, path: Path) -> AbstractContextManager[Document]:
        """Open the source at `path`. Raises ParseError or OSError."""


MOST_KINDS = 256
"""Kinds that are told apart in a count. A hostile log may make up a new one in every line."""


LONGEST_KIND = 80

_POWERS_OF_FOUR = int("01" * 32, 2)


def _tick(counts: dict[str, int], kind: str) -> None:
    if kind not in counts:
        kind = kind[:LONGEST_KIND]
        if kind not in counts and len(counts) >= MOST_KINDS:
            kind = "others"
    counts[kind] = counts.get(kind, 0) + 1
