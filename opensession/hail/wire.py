"""HAIL's JSON objects and the values they stand for. Wire names live here, in `shapes` and in `extras` only.

Decoding is strict first: one typed decode that refuses unknown keys. What it refuses is decoded untyped; keys that this
version does not know move into the `extra` of their value, an unknown event type becomes an `UnknownAction`, and only
a wrong shape is an error. Keys beside `type` and `data` of an event type stand in `Event.extra["event_type"]`, or in
the action's own `extra` when it has no `data`. Encoding puts all of them back, behind the known keys.

Free-form objects keep the order of their keys, so the same value always gives the same bytes. More lenient than the
original: a key given twice (the last one wins), and integers above 64 bits, which stay integers. Numbers too large
for a float are refused. Exponents are written as `1e16`, where the original writes `1e+16`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET
from msgspec.structs import asdict, replace

from opensession.hail import model, times
from opensession.hail.actions import UnknownAction
from opensession.hail.extras import PAYLOADS, shelve, unshelved
from opensession.hail.model import Context, Event, Header, Session, Stats
from opensession.hail.shapes import (
    ENCODER,
    EXTRA,
    LOADED,
    MARK,
    PLAIN,
    PLAIN_ACTIONS,
    ContextBody,
    Document,
    EventBody,
    EventLine,
    HeaderBody,
    HeaderLine,
    StatsBody,
    StatsLine,
    Unknown,
)

Value: TypeAlias = Header | Event | Stats

FAULTS = (msgspec.MsgspecError, ValueError, RecursionError)
MAX_DEPTH = 127

_Line: Any = EventLine | HeaderLine | StatsLine

_LINES = msgspec.json.Decoder(_Line)
_DOCUMENTS = msgspec.json.Decoder(Document)
_EVENTS = msgspec.json.Decoder(EventBody)


def encode_event(event: Event) -> bytes:
    """Return the object of an event line."""
    line = ENCODER.encode(_event_shape(event, EventLine))
    return unshelved(line) if _has_extra(event) else line


def encode_header(header: Header) -> bytes:
    """Return the object of a header line."""
    return unshelved(ENCODER.encode(HeaderLine(**_header_parts(header))))


def encode_stats(stats: Stats) -> bytes:
    """Return the object of a stats line."""
    return unshelved(ENCODER.encode(StatsLine(**_stats_parts(stats))))


def encode_session(session: Session) -> bytes:
    """Return the object of a whole session."""
    document = Document(
        events=tuple(_event_shape(event, EventBody) for event in session.events),
        stats=StatsBody(**_stats_parts(session.stats)),
        **_header_parts(session.header),
    )
    encoded = ENCODER.encode(document)
    return encoded if MARK not in encoded else unshelved(encoded)


def decode(line: bytes) -> Value:
    """Return what one line holds. Raises one of `FAULTS`."""
    if MARK not in line:
        try:
            value = _value(_LINES.decode(line))
        except msgspec.ValidationError:
            pass  # Unknown keys or a real fault: the tolerant way tells which.
        else:
            if _crowded(line):
                _guard_depth(_free_form(value))
            return value
    return _tolerated(_untyped(line))


def decode_session(document: bytes) -> Session:
    """Return the session that one JSON document holds. Raises one of `FAULTS`."""
    if MARK not in document:
        try:
            session = _session(_DOCUMENTS.decode(document))
        except msgspec.ValidationError:
            pass
        else:
            _guard_depth(chain(_free_form(session.header), *map(_free_form, session.events)))
            return session
    return _tolerated_session(_untyped(document))


def decode_event(text: bytes) -> Event:
    """Return the event that one object of a document's `events` holds. Raises one of `FAULTS`."""
    if MARK not in text:
        try:
            event = _event(_EVENTS.decode(text))
        except msgspec.ValidationError:
            pass
        else:
            if _crowded(text):
                _guard_depth(_free_form(event))
            return event
    return _tolerated(_untyped(text) | {"type": "event"})  # type: ignore[return-value]


def decode_header(parts: dict[str, Any]) -> Header:
    """Return the header that the keys of a document hold, its events and stats left out. Raises one of `FAULTS`."""
    _guard_depth([(parts, 0)])
    return _tolerated(parts | {"type": "header"})  # type: ignore[return-value]


def decode_stats(parts: dict[str, Any]) -> Stats:
    """Return the stats of a document. Raises one of `FAULTS`."""
    return _tolerated(parts | {"type": "stats"})  # type: ignore[return-value]


def _untyped(text: bytes) -> dict[str, Any]:
    raw = msgspec.json.decode(text, type=dict[str, Any])
    _guard_depth([(raw, 0)])
    return raw


def _crowded(line: bytes) -> bool:
    """Tell whether a line may nest too deep; nearly all lines have too few brackets for that."""
    return line.count(b"{") + line.count(b"[") > MAX_DEPTH


def _free_form(value: Value) -> Iterator[tuple[Any, int]]:
    """Yield what is free-form in a value, with the number of levels around it on the wire."""
    if isinstance(value, Header):
        yield value.context.attributes, 2
    elif isinstance(value, Event):
        yield value.attributes, 1
        yield from ((block.data, 4) for block in value.content.blocks if isinstance(block, model.Json))


def _guard_depth(found: Iterable[tuple[Any, int]]) -> None:
    """Refuse what nests too deep for the recursion of whoever walks it later."""
    if any(_deeper(value, MAX_DEPTH - around) for value, around in found):
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")


def _deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return not levels or any(_deeper(each, levels - 1) for each in inner)


def _has_extra(event: Event) -> bool:
    """Tell whether any part of an event holds unknown keys; looking is cheaper than searching the line for them."""
    content = event.content
    if event.extra or event.action.extra or content.extra:
        return True
    for block in content.blocks:  # noqa: SIM110 - A generator would double the cost, and this runs for every event.
        if block.extra:
            return True
    return False


def _event_shape(event: Event, shape: type[EventBody]) -> EventBody:
    action, extra = event.action, event.extra
    kind = type(action)
    beside: dict[str, Any] = {}
    if extra:
        beside = extra.get("event_type", {})
        extra = {key: value for key, value in extra.items() if key != "event_type"}
    if loaded := LOADED.get(kind):
        event_type = loaded(data=action, extra=beside)
    elif isinstance(action, UnknownAction):
        event_type = _unknown_shape(action)
    else:
        event_type = PLAIN[kind](extra=action.extra)
    return shape(
        event_id=event.event_id,
        timestamp=event.timestamp,
        event_type=event_type,
        task_id=event.task_id,
        content=event.content,
        duration_ms=event.duration_ms,
        attributes=event.attributes,
        extra=extra,
    )


def _unknown_shape(action: UnknownAction) -> Unknown:
    return Unknown(type=action.name, data=UNSET if action.data is None else action.data, extra=action.extra)


def _header_parts(header: Header) -> dict[str, Any]:
    return asdict(header) | {"context": ContextBody(**asdict(header.context))}


def _stats_parts(stats: Stats) -> dict[str, Any]:
    return asdict(stats) | {"extra": stats.extra or UNSET}


def _value(shape: Any) -> Value:
    if isinstance(shape, EventBody):
        return _event(shape)
    return _header(shape) if isinstance(shape, HeaderBody) else _stats(shape)


def _event(shape: EventBody) -> Event:
    event_type = shape.event_type
    extra = shape.extra
    if kind := PLAIN_ACTIONS.get(type(event_type)):
        action = kind(extra=event_type.extra)
    else:
        action = event_type.data
        if event_type.extra:
            extra = extra | {"event_type": event_type.extra}
    return Event(
        event_id=shape.event_id,
        timestamp=_time(shape.timestamp),
        action=action,
        task_id=shape.task_id,
        content=shape.content,
        duration_ms=_bounded(shape.duration_ms),
        attributes=shape.attributes,
        extra=extra,
    )


def _header(shape: HeaderBody) -> Header:
    context = asdict(shape.context)
    context |= {name: _time(context[name]) for name in ("created_at", "updated_at")}
    return Header(
        version=shape.version,
        session_id=shape.session_id,
        agent=shape.agent,
        context=Context(**context),
        extra=shape.extra,
    )


def _stats(shape: StatsBody) -> Stats:
    counts = asdict(shape)
    extra = counts.pop("extra") or {}
    for count in counts.values():
        _bounded(count)
    return Stats(**counts, extra=extra)


def _session(shape: Document) -> Session:
    events = tuple(_event(event) for event in shape.events)
    return Session(header=_header(shape), events=events, stats=_stats(shape.stats))


def _bounded(number: int | None) -> int | None:
    if number is not None and number >= 2**64:
        raise ValueError(f"{number} is out of range")
    return number


def _time(text: str) -> str:
    """Return the normal form, because values hold no other."""
    if (found := times.strict(text)) is None:
        raise ValueError(f"{text!r} is no time stamp")
    return found


def _tolerated(raw: dict[str, Any]) -> Value:
    """Return the value of an untyped line, unknown keys kept."""
    if not isinstance(raw.get("type"), str):
        raise ValueError("a line needs a `type`")
    shelve(raw)
    unknown = _unknown_action(raw.get("event_type"))
    value = _value(msgspec.convert(raw | {"event_type": {"type": "Thinking"}} if unknown else raw, _Line))
    return replace(value, action=unknown) if unknown else value


def _unknown_action(event_type: Any) -> UnknownAction | None:
    if not isinstance(event_type, dict):
        return None
    name = event_type.get("type")
    if not isinstance(name, str) or name in PAYLOADS:
        return None
    return UnknownAction(name=name, data=event_type.get("data"), extra=event_type.get(EXTRA, {}))


def _tolerated_session(raw: dict[str, Any]) -> Session:
    """A document has no `type` keys; one that is there means nothing."""
    events, stats = raw.pop("events", None), raw.pop("stats", None)
    if not isinstance(events, list) or not isinstance(stats, dict):
        raise ValueError("a document needs `events` and `stats`")
    return Session(
        header=decode_header(raw),
        events=tuple(_tolerated(_checked(each) | {"type": "event"}) for each in events),  # type: ignore[misc]
        stats=decode_stats(stats),
    )


def _checked(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("an event must be an object")
    return value
