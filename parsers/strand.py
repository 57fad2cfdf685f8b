"""Read a log whole: events with their amendments folded in. Storage does the same in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from opensession.hail.model import Event
from parsers.base import Amendment, Output, Reader
from parsers.lines import complete


def open_log(path: Path) -> BinaryIO:
    """Open a log for reading its lines, unpacked when it is a `.zst`."""
    if path.suffix == ".zst":
        return cast(BinaryIO, zstandard.open(path, "rb"))
    return path.open("rb")


def feed(reader: Reader, log: BinaryIO, out: Output) -> int:
    """Give the reader every complete line from the current position; return the offset behind the last one."""
    at = log.tell()
    for line, end in complete(log):
        if line is None:
            out.skip("line too long")
        else:
            reader.read(line, out)
        at = end
    return at


def fold(events: Sequence[Event], amendments: Iterable[Amendment], first: int = 0) -> list[Event]:
    """Return the events, numbered from `first`, with the amendments applied in order and the dropped ones left out."""
    folded: list[Event | None] = list(events)
    for amendment in amendments:
        event = folded[amendment.number - first]
        folded[amendment.number - first] = amendment.fold(event) if event is not None else None
    return [event for event in folded if event is not None]


def read_whole(reader: Reader, log: BinaryIO) -> tuple[list[Event], Output]:
    """Read to the end and return the folded events, closings included, and the output they came from."""
    out = Output()
    feed(reader, log, out)
    return [*fold(out.events, out.amendments), *reader.closings()], out
