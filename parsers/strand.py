"""Read a log whole: events with their amendments folded in. Storage does the same in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from opensession.hail.model import Event
from parsers.base import Amendment, Output, ParseError, Reader
from parsers.lines import complete

PACKED = (".zst", ".zstd")
"""Endings of a log that is compressed."""

_FREELY = 64 << 20
_RATIO = 200


def open_log(path: Path) -> BinaryIO:
    """Open a log for its lines, unpacked if need be; reading raises ParseError where `most_unpacked` is exceeded."""
    if path.suffix in PACKED:
        return cast(BinaryIO, _Unpacked(path))
    return path.open("rb")


def most_unpacked(size: int) -> int:
    """Return to how many bytes a log of `size` packed bytes may unpack: far more than any log, far less than a bomb."""
    return max(_FREELY, _RATIO * size)


class _Unpacked:
    """A compressed log that is open."""

    def __init__(self, path: Path) -> None:
        self._path, self._most, self._at = path, most_unpacked(path.stat().st_size), 0
        self._file = zstandard.open(path, "rb")

    def __enter__(self) -> _Unpacked:
        return self

    def __exit__(self, *raised: object) -> None:
        self._file.close()

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._file.read(size if size >= 0 else self._most + 1)
        self._at += len(data)
        if self._at > self._most:
            raise ParseError(self._path, 0, f"unpacks to more than {self._most} bytes")
        return data


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
