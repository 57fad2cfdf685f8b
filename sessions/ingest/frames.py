"""Pack the events of a strand into frames: runs of HAIL event lines, each compressed on its own. Knows no Django.

A frame closes when it holds `FRAME_BYTES`. Until then an amendment is folded into its events; afterwards it stays an
amendment. The line of a dropped event is left empty, so that line `i` of a frame is always event `first + i`.
"""

from __future__ import annotations

import threading
from array import array

from msgspec import Struct
from zstandard import ZstdCompressor, ZstdDecompressor

from opensession.hail import jsonl, wire
from opensession.hail.model import Event
from opensession.hail.words import storable
from parsers.base import Amendment

FRAME_BYTES = 256 * 1024


class _Zstd(threading.local):
    """What packs and unpacks in this thread: two threads that share one end the process."""

    def __init__(self) -> None:
        # Level 3 would make frames 5 % smaller and take half as long again, which is felt in the index of a year of
        # logs.
        self.pack = ZstdCompressor(level=1).compress
        self.unpack = ZstdDecompressor().decompress


_zstd = _Zstd()


class Packed(Struct, array_like=True):
    """A frame as it is stored. Offsets and lengths are bytes; `kinds` counts the events by type name."""

    n: int
    first: int
    count: int
    raw_offset: int
    raw_length: int
    offset: int
    length: int
    data: bytes
    ids: bytes
    kinds: dict[str, int]


def lines(data: bytes) -> list[bytes]:
    """Return the event lines of a packed frame, without line breaks; an empty one was dropped."""
    return _zstd.unpack(data).split(b"\n")[:-1]


class OpenFrame:
    """The frame that still grows."""

    def __init__(self, n: int = 0, first: int = 0, raw_offset: int = 0, offset: int = 0) -> None:
        self.n, self.first, self.raw_offset, self.offset = n, first, raw_offset, offset
        self._lines: list[bytes] = []
        self._events: list[Event | None] = []
        self._ids = array("I")
        self._kinds: dict[str, int] = {}
        self.raw_length = 0

    @classmethod
    def resumed(cls, packed: Packed) -> OpenFrame:
        frame = cls(packed.n, packed.first, packed.raw_offset, packed.offset)
        frame._lines = lines(packed.data)
        frame._events = [None] * packed.count
        frame._ids = array("I", packed.ids)
        frame._kinds = dict(packed.kinds)
        frame.raw_length = packed.raw_length
        return frame

    @property
    def is_full(self) -> bool:
        return self.raw_length >= FRAME_BYTES

    @property
    def is_empty(self) -> bool:
        return not self._lines

    def add(self, event: Event | None, mark: int) -> None:
        """Append an event, None for one that was dropped; `mark` is the CRC-32 of its id."""
        line = wire.encode_event(event) if event else b""
        self._lines.append(line)
        self._events.append(event)
        self._ids.append(mark)
        if event:
            self._count(event, 1)
        self.raw_length += len(line) + 1

    def amend(self, amendment: Amendment) -> bool:
        """Fold the amendment in, if its event lies in this frame."""
        at = amendment.number - self.first
        if not 0 <= at < len(self._lines):
            return False
        old = self._lines[at]
        if old:
            event = self._events[at] or jsonl.event(old)
            changed = amendment.fold(event)
            self._events[at] = changed
            self._lines[at] = wire.encode_event(changed) if changed else b""
            self._count(event, -1)
            if changed:
                self._count(changed, 1)
            self.raw_length += len(self._lines[at]) - len(old)
        return True

    @property
    def text(self) -> bytes:
        """The lines of all events."""
        return b"\n".join([*self._lines, b""])

    def packed(self) -> Packed:
        raw = self.text
        data = _zstd.pack(raw)
        return Packed(
            n=self.n,
            first=self.first,
            count=len(self._lines),
            raw_offset=self.raw_offset,
            raw_length=len(raw),
            offset=self.offset,
            length=len(data),
            data=data,
            ids=self._ids.tobytes(),
            kinds={storable(kind): count for kind, count in self._kinds.items() if count},
        )

    def after(self, packed: Packed) -> OpenFrame:
        """Return the empty frame that follows this one, which was closed as `packed`."""
        return OpenFrame(
            self.n + 1,
            self.first + packed.count,
            self.raw_offset + packed.raw_length,
            self.offset + packed.length,
        )

    def _count(self, event: Event, by: int) -> None:
        kind = type(event.action).__name__
        self._kinds[kind] = self._kinds.get(kind, 0) + by
