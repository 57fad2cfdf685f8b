"""Unknown keys: moved into `extra` before an object becomes a value, and put back after it was encoded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, TypeAlias, get_args

import msgspec
from msgspec.structs import fields

from opensession.hail import actions, model
from opensession.hail.model import Agent, Content
from opensession.hail.shapes import ENCODER, EXTRA, MARK, ContextBody, Document, EventLine, HeaderLine, StatsLine


def _keys(kind: Any) -> frozenset[str]:
    tag = kind.__struct_config__.tag_field
    return frozenset(part.encode_name for part in fields(kind)) - {EXTRA} | ({tag} if tag else set())


_Keys: TypeAlias = frozenset[str]
_Objects: TypeAlias = Iterator[tuple[dict[str, Any], _Keys]]

PAYLOADS: Mapping[str, _Keys] = {kind.__name__: _keys(kind) for kind in (*actions.PLAIN, *actions.WITH_DATA)}
_BLOCKS: Mapping[str, _Keys] = {kind.__name__: _keys(kind) for kind in get_args(model.Block)}
_LINE_TYPES: Mapping[str, _Keys] = {
    "event": _keys(EventLine),
    "header": _keys(HeaderLine),
    "stats": _keys(StatsLine),
}
_TYPE_KEYS = frozenset(("type", "data"))
_DOCUMENT_KEYS, _AGENT_KEYS, _CONTEXT_KEYS, _CONTENT_KEYS = map(_keys, (Document, Agent, ContextBody, Content))


def shelve(raw: dict[str, Any]) -> None:
    """Move the unknown keys of every typed object under the name that msgspec reads into `extra`."""
    for part, known in list(_typed_objects(raw)):
        extra = {key: part.pop(key) for key in list(part) if key not in known}
        if extra:
            part[EXTRA] = extra


def unshelved(encoded: bytes) -> bytes:
    """Return an encoded object with every `extra` merged into the object it belongs to; known keys win."""
    if MARK not in encoded:
        return encoded
    raw = msgspec.json.decode(encoded)
    for part, _ in list(_typed_objects(raw)):
        for key, value in part.pop(EXTRA, {}).items():
            part.setdefault(key, value)
    return ENCODER.encode(raw)


def _typed_objects(raw: dict[str, Any]) -> _Objects:
    """Yield every object of a line, or of a document, that is not free-form, with the keys known there."""
    kind = raw.get("type")
    if kind is None:
        return _document_objects(raw)
    inner = {"event": _event_objects, "header": _header_objects}.get(kind)
    return chain(_object(raw, _by_type(raw, _LINE_TYPES)), inner(raw) if inner else ())


def _document_objects(raw: dict[str, Any]) -> _Objects:
    yield raw, _DOCUMENT_KEYS
    yield raw["stats"], _LINE_TYPES["stats"]
    yield from _header_objects(raw)
    for event in raw["events"]:
        yield event, _LINE_TYPES["event"]
        yield from _event_objects(event)


def _header_objects(header: dict[str, Any]) -> _Objects:
    yield from _object(header.get("agent"), _AGENT_KEYS)
    yield from _object(header.get("context"), _CONTEXT_KEYS)


def _event_objects(event: dict[str, Any]) -> _Objects:
    for event_type, known in _object(event.get("event_type"), _TYPE_KEYS):
        yield event_type, known
        yield from _object(event_type.get("data"), _by_type(event_type, PAYLOADS))
    for content, known in _object(event.get("content"), _CONTENT_KEYS):
        yield content, known
        blocks = content.get("blocks")
        for block in blocks if isinstance(blocks, list) else ():
            yield from _object(block, _by_type(block, _BLOCKS))


def _object(value: Any, known: _Keys | None) -> _Objects:
    if isinstance(value, dict) and known is not None:
        yield value, known


def _by_type(value: Any, table: Mapping[str, _Keys]) -> _Keys | None:
    name = value.get("type") if isinstance(value, dict) else None
    return table.get(name) if isinstance(name, str) else None
