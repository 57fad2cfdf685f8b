"""Logs with more of the same records, so that what is measured is how fast they are read and not how fast opened."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

# A record with the id of an earlier one is mostly read as a copy of it, so each round of records gets ids of its own.
_IDS = re.compile(
    rb'("(?!session|thread|conversation|model|project)(?:\w*[a-z_]I?id|id|\w*Id|\w*[uU]uid)" ?: ?"[^"\\]+)"'
)


def lines(data: bytes, times: int) -> bytes:
    """Return the lines of a log, repeated."""
    data = data if data.endswith(b"\n") else data + b"\n"
    return b"".join(_renamed(data, number) for number in range(times))


def document(path: Path, times: int, folder: Path) -> Path | None:
    """Write a copy of a document, its records repeated, and return its path; None where that makes no sense.

    In the same way as beside the original, the other files of its folder lie beside it.
    """
    data = path.read_bytes()
    longer = lines(data, times) if path.suffix == ".jsonl" else _longer(data, times) if path.suffix == ".json" else None
    if longer is None:
        return None
    copy = folder.joinpath(*path.parts[-4:])
    copy.parent.mkdir(parents=True, exist_ok=True)
    for other in path.parent.iterdir():
        beside = copy.parent / other.name
        if other != path and not beside.exists():
            beside.symlink_to(other)
    copy.unlink(missing_ok=True)
    copy.write_bytes(longer)
    return copy


def _longer(data: bytes, times: int) -> bytes | None:
    """Return a JSON document whose longest list of objects is repeated."""
    whole = msgspec.json.decode(data)
    records = max(_lists(whole), key=len, default=[])
    if not records:
        return None
    one = msgspec.json.encode(records)
    records[:] = [msgspec.Raw(_renamed(one, number)[1:-1]) for number in range(times)]
    return msgspec.json.encode(whole)


def _lists(value: Any, depth: int = 3) -> list[list[Any]]:
    """Return the lists of objects in a value, down to a depth."""
    if not depth:
        return []
    if isinstance(value, list):
        return [value] if value and all(isinstance(item, dict) for item in value) else []
    inner = value.values() if isinstance(value, dict) else ()
    return [found for item in inner for found in _lists(item, depth - 1)]


def _renamed(data: bytes, number: int) -> bytes:
    return _IDS.sub(rb'\1-%d"' % number, data) if number else data
