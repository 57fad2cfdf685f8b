"""Read fields of JSON whose shape nobody vouches for: what is missing or of another type is as good as not there."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from opensession.hail import times
from parsers.lines import salvage

_NUMBERS = (int, float)
"""What holds a number; a bool is none."""


def mapping(value: Any, *path: str) -> dict[str, Any]:
    """Return the object at `path` inside of `value`; an empty one when there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def items(value: Any, *path: str) -> list[Any]:
    """Return the list at `path` inside of `value`; an empty one when there is none."""
    if path:
        value = mapping(value, *path[:-1]).get(path[-1])
    return value if isinstance(value, list) else []


def objects(value: Any, *path: str) -> list[dict[str, Any]]:
    """Return the objects of the list at `path`; whatever else stands in it is left out."""
    return [item for item in items(value, *path) if isinstance(item, dict)]


def text(value: Any, key: str, *others: str) -> str:
    """Return the first of the fields that holds text which is not blank, as it is; else an empty string."""
    if isinstance(value, dict):
        # Parsers ask this more often than anything else, and mostly for one field: that costs a third less apart.
        if (found := value.get(key)) and isinstance(found, str) and not found.isspace():
            return found
        for other in others:
            if (found := value.get(other)) and isinstance(found, str) and not found.isspace():
                return found
    return ""


def number(value: Any, *keys: str) -> int | None:
    """Return the first of the fields that holds a whole number, or text that is one."""
    if isinstance(value, dict):
        for key in keys:
            if (found := value.get(key)) is not None and (whole := _whole(found)) is not None:
                return whole
    return None


def _whole(value: Any) -> int | None:
    kind = type(value)
    if kind is int or kind is float:
        return int(value) if abs(value) < 2**63 else None
    is_number = kind is str and value.isdecimal() and value.isascii() and len(value) < 19
    return int(value) if is_number else None


def amount(value: Any, *keys: str) -> float:
    """Return the first of the fields that holds a finite number, such as a price; else 0."""
    if isinstance(value, dict):
        for key in keys:
            found: Any = value.get(key)
            if type(found) in _NUMBERS and abs(found) < 2**63:
                return float(found)
    return 0.0


def moment(value: Any, *keys: str) -> str | None:
    """Return the first of the fields that holds a time, as a normal time stamp; see `stamp`."""
    if isinstance(value, dict):
        for key in keys:
            if (told := value.get(key)) is not None and (found := stamp(told)) is not None:
                return found
    return None


def stamp(value: Any) -> str | None:
    """Return a time as a normal time stamp, None when it is none.

    It is ISO 8601 text, or a number (maybe as text) of seconds; from 10**11 on of milliseconds, from 10**14 on of
    microseconds (`spec/parsers.md` R15).
    """
    if isinstance(value, str):
        if (found := times.normal(value)) is not None:
            return found
        try:
            value = float(value)
        except ValueError:
            return None
    if type(value) not in _NUMBERS or not 0 < value < 10**18:
        return None
    milliseconds = value * 1000 if value < 10**11 else value if value < 10**14 else value / 1000
    try:
        return times.from_ms(int(milliseconds))
    except OverflowError:
        return None


def decoded(data: str | bytes) -> Any:
    """Return the JSON value that `data` is, None when it is none. Lone surrogates become U+FFFD."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        values = salvage(data.encode("utf-8", "replace") if isinstance(data, str) else data)
        return values[0] if len(values) == 1 else None


def unquoted(value: Any) -> Any:
    """Return the JSON value that stands in a text, as agents keep the arguments of a call; anything else as it is."""
    found = decoded(value) if isinstance(value, str) else value
    return value if found is None else found


def joined(content: Any, *keys: str) -> str:
    """Return the words of a message's content: text as it is, the texts of a list of blocks by lines.

    A block's text stands in `text` (or another of `keys`); what else there is, is named by `placeholder`.
    """
    if isinstance(content, str):
        return content
    blocks, keys = content if isinstance(content, list) else [content], keys or ("text",)
    return "\n".join([words for block in blocks if (words := _words(block, keys)) is not None])


def _words(block: Any, keys: tuple[str, ...]) -> str | None:
    if isinstance(block, dict):
        return text(block, *keys) or placeholder(block) or None
    return block if isinstance(block, str) else None


def placeholder(block: dict[str, Any]) -> str:
    """Return what stands for a picture, a sound or a file whose bytes stand in the log: `[image image/png, 512 bytes]`.

    Bytes have no place among the words. Returns an empty string for a block that is none of these.
    """
    kind = text(block, "type").removeprefix("input_").removesuffix("_url")
    if kind not in ("image", "audio", "video", "document", "file", "blob"):
        return ""
    source = mapping(block, "source") or mapping(block, "image_url") or block
    data = text(source, "data", "base64", "url") or text(block, "image", "blob")
    mime = text(source, "media_type", "mimeType", "mime_type", "mediaType", "mime")
    if data.startswith("data:"):
        mime, _, data = data.removeprefix("data:").partition(";base64,")
    elif data.startswith(("https://", "http://", "file://")):
        return f"[{kind} {data}]"
    facts = ", ".join(fact for fact in (mime, f"{_size(data)} bytes" if data else "") if fact)
    return f"[{kind} {facts}]" if facts else f"[{kind}]"


def _size(data: str) -> int:
    try:
        return len(base64.b64decode(data, validate=True))
    except (binascii.Error, ValueError):
        return len(data)
