"""Read messages of Protocol Buffers without their schema: a format knows the numbers of the fields that it wants."""

from __future__ import annotations

from collections.abc import Iterator

Value = int | bytes
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SIZES = {_FIXED64: 8, _FIXED32: 4}
MOST_DIGITS = 10
"""Bytes of a number at most."""


class Message:
    """The fields of a message, in order. `is_broken` tells that its bytes are no message, or half of one."""

    __slots__ = ("fields", "is_broken")

    def __init__(self, data: bytes) -> None:
        self.fields: list[tuple[int, Value]] = []
        self.is_broken = False
        try:
            self.fields.extend(_fields(data))
        except ValueError:
            self.is_broken = True

    def number(self, field: int) -> int:
        """Return a number, 0 where there is none; the last one counts."""
        return next((value for key, value in reversed(self.fields) if key == field and isinstance(value, int)), 0)

    def data(self, field: int) -> bytes:
        """Return the last bytes of a field."""
        return next((value for key, value in reversed(self.fields) if key == field and isinstance(value, bytes)), b"")

    def text(self, field: int) -> str:
        return self.data(field).decode("utf-8", "replace")

    def every(self, field: int) -> list[bytes]:
        """Return all bytes of a field that may be repeated."""
        return [value for key, value in self.fields if key == field and isinstance(value, bytes)]

    def texts(self, field: int) -> list[str]:
        return [value.decode("utf-8", "replace") for value in self.every(field)]

    def message(self, field: int) -> Message:
        """Return the message in a field. One that is told in pieces is the sum of them, as the format demands."""
        return _sum(self.every(field))

    def messages(self, field: int) -> list[Message]:
        return [Message(value) for value in self.every(field)]

    def choice(self, *fields: int) -> tuple[int, Message]:
        """Return which of the fields, that exclude each other, was set last, and its message; 0 where none was."""
        chosen, pieces = 0, list[bytes]()
        for key, value in self.fields:
            if key in fields and isinstance(value, bytes):
                pieces = pieces if key == chosen else []
                pieces.append(value)
                chosen = key
        return chosen, _sum(pieces)


def _sum(pieces: list[bytes]) -> Message:
    whole = Message(b"".join(pieces))
    whole.is_broken = whole.is_broken or (len(pieces) > 1 and any(Message(piece).is_broken for piece in pieces))
    return whole


def _fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """Yield the fields of a message. Raises ValueError where the bytes stop to be any."""
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        kind, number = key & 7, key >> 3
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield number, value
        else:
            size, at = _varint(data, at) if kind == _BYTES else (_SIZES.get(kind, end), at)
            if not number or size > end - at:
                raise ValueError("no field, or a cut one")
            yield number, data[at : at + size]
            at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number at a place, and the place behind it."""
    value = 0
    for place, byte in enumerate(data[at : at + MOST_DIGITS]):
        value |= (byte & 127) << 7 * place
        if byte < 128:
            return value, at + place + 1
    raise ValueError("no number")
