"""Unpack the values of LangGraph's checkpoints: MessagePack, with Python objects as extensions of it.

An extension names a class and how it was built. Nothing is built here, nothing imported: what counts are its fields.
Values that were pickled are never opened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from parsers.fields import decoded, mapping

CLASS = "__class__"
"""The key under which the fields of an object have the name of its class."""

MAX_BYTES = 16 << 20
"""Of one value. A byte may become an object of 64 bytes."""

MAX_NESTED = 8
"""Objects within objects. A message holds a date or a number of its own at most."""

_SINGLE, _POSITIONAL, _KEYWORDS, _METHOD, _PYDANTIC_1, _PYDANTIC_2, _NUMPY, _SNAPSHOT = range(8)
_FIELDS = frozenset({_KEYWORDS, _PYDANTIC_1, _PYDANTIC_2})
_ARGUMENT = frozenset({_SINGLE, _POSITIONAL, _METHOD})


class Unreadable(ValueError):
    """A value that cannot be unpacked, or must not be."""


def unpacked(kind: Any, data: Any) -> Any:
    """Return what a value is, as plain JSON. Raises Unreadable."""
    if isinstance(data, str):
        data = data.encode("utf-8", "replace")
    if kind in ("null", "empty") or data is None:
        return None
    if not isinstance(data, bytes) or kind not in ("msgpack", "json"):
        raise Unreadable(str(kind))
    if len(data) > MAX_BYTES:
        raise Unreadable("too large")
    if (value := _packed(data) if kind == "msgpack" else decoded(data)) is None:
        raise Unreadable("broken")
    return value


def _packed(data: bytes) -> Any:
    try:
        # Only what can be written as JSON can stand in an event, and dates, bytes and odd keys cannot as they are.
        return msgspec.json.decode(msgspec.json.encode(_decode(data, 0)))
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise Unreadable("broken") from error


def _decode(data: bytes | memoryview, depth: int) -> Any:
    return msgspec.msgpack.decode(data, ext_hook=_hook(depth + 1))


def _hook(depth: int) -> Callable[[int, memoryview], Any]:
    """Return what reads the extensions of a value. Each holds a value of its own."""

    def read(code: int, data: memoryview) -> Any:
        if depth > MAX_NESTED:
            raise Unreadable("nested too deeply")
        if code == _SNAPSHOT:
            return _decode(data, depth)
        told = _decode(data, depth) if code in _FIELDS | _ARGUMENT else None
        if not isinstance(told, list) or len(told) < 3:
            return None
        return _object(told) if code in _FIELDS else told[2]

    return read


def _object(told: list[Any]) -> dict[str, Any]:
    return {**mapping(told[2]), CLASS: told[1] if isinstance(told[1], str) else ""}
