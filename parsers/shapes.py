"""Which fields the records of a log have, by kind: their names and the types of their values, never a value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

Shapes = dict[str, dict[str, str]]
"""By kind of record, then by field: the types that were seen, such as `null|text`."""

MOST_KINDS = 64
MOST_FIELDS = 128
LONGEST_NAME = 40

DOCUMENT = "the document"
"""The kind under which stand the fields of what holds the records: a file, or the row of a session."""

ENVELOPES = ("payload", "message", "data")
"""Fields that hold the record proper. Theirs are noted too, as `payload.type`."""

_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*").fullmatch

_TYPES: Mapping[type, str] = {
    str: "text",
    bytes: "text",
    bool: "bool",
    int: "number",
    float: "number",
    type(None): "null",
    list: "list",
    tuple: "list",
}
_type = _TYPES.get
_decode = msgspec.json.Decoder().decode


def note(shapes: Shapes, kind: str, record: object) -> None:
    """Note the fields of a record, which is an object or the JSON of one; anything else has none."""
    if isinstance(record, bytes):
        record = _decoded(record)
    if not isinstance(record, dict) or (kind not in shapes and len(shapes) >= MOST_KINDS):
        return
    fields = shapes.setdefault(kind, {})
    _note_all(fields, record, "")
    for envelope in ENVELOPES:
        if isinstance(inner := record.get(envelope), dict):
            _note_all(fields, inner, f"{envelope}.")


def merged(one: Shapes, other: Shapes) -> Shapes:
    """Return the fields of both."""
    whole = {kind: dict(fields) for kind, fields in one.items()}
    for kind, fields in other.items():
        if kind in whole or len(whole) < MOST_KINDS:
            mine = whole.setdefault(kind, {})
            for name, types in fields.items():
                _add(mine, name, types)
    return whole


def _note_all(fields: dict[str, str], members: dict[Any, Any], before: str) -> None:
    for key, value in members.items():
        name, types = f"{before}{key}" if before else key, _type(type(value), "object")
        known = fields.get(name)
        if known is None:
            if isinstance(key, str) and len(key) <= LONGEST_NAME and _is_name(key):
                _add(fields, name, types)
        elif types not in known:  # No name of a type is part of another one.
            _add(fields, name, types)


@lru_cache(4096)
def _is_name(key: str) -> bool:
    """Tell whether a key is the name of a field. Whatever else it is (a path, a question) is content."""
    return _NAME(key) is not None


def _add(fields: dict[str, str], name: str, types: str) -> None:
    if known := fields.get(name):
        fields[name] = "|".join(sorted({*known.split("|"), *types.split("|")}))
    elif len(fields) < MOST_FIELDS:
        fields[name] = types


def _decoded(line: bytes) -> Any:
    try:
        return _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
