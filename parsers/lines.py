"""Read complete lines from a byte offset, and save what can be saved of a line that is not clean JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from math import isfinite
from typing import Any, Protocol

import msgspec

_parsed = msgspec.json.Decoder().decode

CHUNK = 1 << 20
MAX_LINE = 16 << 20
"""Bytes. The longest line seen in real logs is 2.6 MB; a longer one than this is skipped and counted."""


class Bytes(Protocol):
    """What lines are read from: a binary file, or anything that gives bytes in order."""

    def tell(self) -> int: ...
    def read(self, size: int, /) -> bytes: ...


def complete(log: Bytes) -> Iterator[tuple[bytes | None, int]]:
    """Yield each complete line from the current position, without its line break, and the offset behind it.

    A line over `MAX_LINE` is yielded as None. A last line without a line break is complete when it is a whole JSON
    object; otherwise it is still being written and stays unread.
    """
    at = log.tell()
    held: list[bytes] = []
    size = 0
    while chunk := log.read(CHUNK):
        pieces = chunk.split(b"\n")
        last = pieces.pop()
        if size and pieces:
            size += len(pieces[0])
            at += size + 1
            yield (None if size > MAX_LINE else b"".join((*held, pieces[0]))), at
            del pieces[0]
            held, size = [], 0
        for piece in pieces:
            at += len(piece) + 1
            yield piece, at
        size += len(last)
        held = [*held, last] if size <= MAX_LINE else []
    rest = b"".join(held)
    if rest and size == len(rest) and _is_object(rest):
        yield rest, at + size


def _is_object(line: bytes) -> bool:
    return line.rstrip().endswith(b"}") and (_is_clean(line) or len(salvage(line)) == 1)


def _is_clean(line: bytes) -> bool:
    try:
        _parsed(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def salvage(line: bytes) -> list[Any]:
    """Return the JSON values of a line that strict JSON refused: one or several glued together, or none.

    Forgives a byte order mark, NUL padding, invalid UTF-8, lone surrogates (which become U+FFFD) and NaN.
    """
    text = line.decode("utf-8", "replace").lstrip("\ufeff").replace("\0", " ").strip()
    values, at = [], 0
    try:
        while at < len(text):
            value, end = _DECODER.raw_decode(text, at)
            values.append(value)
            at = _GAP.match(text, end).end()  # type: ignore[union-attr]  # It matches anything, if only nothing.
    except (ValueError, RecursionError):
        pass
    return [_clean(value) for value in values]


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if isfinite(number) else None


_GAP = re.compile(r"\s*")
# JSON knows no NaN and no infinity: what writes them means that there is no number.
_DECODER = json.JSONDecoder(parse_constant=lambda _: None, parse_float=_finite)


def _clean(value: Any) -> Any:
    """Return the value with lone surrogates replaced; one round through bytes is enough for all of it."""
    text = json.dumps(value, ensure_ascii=False)
    return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
