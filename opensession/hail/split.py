"""Take the events out of a JSON document one by one, so that a session of any length is never held whole.

Brackets are found by a regular expression that runs over strings and numbers; it judges nothing. Whoever decodes the
events and the envelope (the document without its events) finds every fault, because each byte lands in one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

CHUNK = 256 << 10
MAX_PART = 16 << 20
"""Bytes of one event, or of all that stands around the events: as long as a line of a log may be."""

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_PLAIN = rb'[^"{}\[\]]*+'
_TO_BRACKET = re.compile(_PLAIN + rb"(?:" + _STRING + _PLAIN + rb")*+[{}\[\]]", re.DOTALL)
_OPENING, _CLOSING = frozenset(b"{["), frozenset(b"}]")

NOT_WHOLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError)

_objects = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Malformed(Exception):
    """The text is no JSON, or not of the shape that is expected."""


class PartTooLong(Exception):
    """One event, or what stands around them, is longer than `MAX_PART`."""


class WholeDocument:
    """The same for a document that is held anyway, which is faster. Raises one of `NOT_WHOLE` for any fault."""

    def __init__(self, text: bytes, outer: str, inner: str) -> None:
        document = _objects(text)
        holder = _objects(document[outer])
        self._events = _array(holder[inner])
        holder[inner] = msgspec.Raw(b"[]")
        document[outer] = msgspec.Raw(msgspec.json.encode(holder))
        self.envelope = msgspec.json.encode(document)

    def events(self) -> Iterator[bytes]:
        return map(bytes, self._events)


class SplitDocument:
    """A JSON document in a file, whose events lie in the array at `path`. The envelope is whole after the events."""

    def __init__(self, file: BinaryIO, *path: str) -> None:
        self._read = file.read
        self._keys = [re.compile(rb'(?<!\\)"' + re.escape(key.encode()) + rb'"\s*:\s*[{\[]\Z') for key in path]
        self._buffer, self._at, self._number = b"", 0, 0
        self._pieces: list[bytes] = []
        self._size = 0

    @property
    def envelope(self) -> bytes:
        """Return the document with an empty array in place of its events."""
        return b"".join(self._pieces)

    def events(self) -> Iterator[bytes]:
        """Yield the text of every event. Raises Malformed or PartTooLong."""
        depth = reached = 0
        while text := self._to_bracket():
            self._keep(text)
            if text[-1] in _CLOSING:
                depth -= 1
                reached = min(reached, max(depth - 1, 0))
                continue
            depth += 1
            if depth == reached + 2 and reached < len(self._keys) and self._keys[reached].search(text):
                reached += 1
                if reached == len(self._keys) and text[-1:] == b"[":
                    yield from self._array()
                    depth, reached = depth - 1, reached - 1
        self._keep(self._buffer[self._at :])

    def _array(self) -> Iterator[bytes]:
        """Yield the objects of an array whose bracket was just read, up to the one that closes it."""
        if self._number:
            raise Malformed("there are two lists of events")
        while text := self._to_bracket():
            before = text[:-1].strip()
            if text[-1:] == b"]" and not before:
                self._keep(text)
                return
            if text[-1:] != b"{" or before != (b"," if self._number else b""):
                break
            self._number += 1
            yield self._object()
        raise Malformed(f"event {self._number} is no object, or no comma stands before it")

    def _object(self) -> bytes:
        """Return the object whose bracket was just read."""
        start, depth = self._at - 1, 1
        while depth:
            found = _TO_BRACKET.match(self._buffer, self._at)
            if found:
                self._at = at = found.end()
                depth += 1 if self._buffer[at - 1] in _OPENING else -1
            elif self._refill(start):
                start = 0
            else:
                raise Malformed(f"event {self._number - 1} does not end")
        return self._buffer[start : self._at]

    def _to_bracket(self) -> bytes:
        """Return what comes next, the next bracket with it; nothing when there is none."""
        while not (found := _TO_BRACKET.match(self._buffer, self._at)):
            if not self._refill(self._at):
                return b""
        self._at = found.end()
        return found[0]

    def _refill(self, start: int) -> bool:
        """Read on, and drop what lies before `start`. Tell whether there was more."""
        held = len(self._buffer) - start
        self._guard(held)
        # What is held is looked at again, so that reading as much once more keeps the work linear.
        chunk = self._read(max(CHUNK, held))
        if chunk:
            self._buffer, self._at = self._buffer[start:] + chunk, self._at - start
        return bool(chunk)

    def _keep(self, text: bytes) -> None:
        self._pieces.append(text)
        self._size += len(text)
        self._guard(self._size)

    def _guard(self, size: int) -> None:
        if size > MAX_PART:
            raise PartTooLong(f"part {self._number} of the document is longer than {MAX_PART >> 20} MiB")
