"""Spans as OpenTelemetry writes them in JSON: what was done, when it began and ended, and its attributes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from opensession.hail import times
from parsers.fields import decoded, mapping, objects, text

Record = dict[str, Any]

CONVERSATION = "gen_ai.conversation.id"
_SCALARS = ("stringValue", "intValue", "doubleValue", "boolValue")


class Span(NamedTuple):
    """Times are nanoseconds since 1970. `service` is the attributes of the program that wrote the span."""

    native: str
    trace: str
    parent: str
    operation: str
    begin: int
    end: int
    failure: str
    facts: Record
    service: Record

    def conversation(self) -> str:
        return text(self.facts, CONVERSATION).strip()

    def duration_ms(self) -> int:
        return max(0, self.end - self.begin) // 1_000_000

    def weight(self) -> int:
        """Return how much a span tells: it may be written when it is not complete yet, and again."""
        return len(repr(self.facts)) + bool(self.end)


def spans(record: Record) -> Iterator[Span]:
    """Yield the spans of a line."""
    for traced in objects(record, "resourceSpans"):
        service = attributes(mapping(traced, "resource"))
        for scope in objects(traced, "scopeSpans"):
            for span in objects(scope, "spans"):
                yield _span(span, service)


def _span(span: Record, service: Record) -> Span:
    facts = attributes(span)
    begin, end = (_nanoseconds(span.get(name)) for name in ("startTimeUnixNano", "endTimeUnixNano"))
    return Span(
        native=text(span, "spanId"),
        trace=text(span, "traceId"),
        parent=text(span, "parentSpanId"),
        operation=text(facts, "gen_ai.operation.name") or text(span, "name").partition(" ")[0] or "no name",
        begin=begin or end,
        end=max(begin, end),
        failure=_failure(mapping(span, "status"), facts),
        facts=facts,
        service=service,
    )


def attributes(of: Record) -> Record:
    """Return the attributes of a span or a resource that are plain values, by their names."""
    found = ((text(entry, "key"), mapping(entry, "value")) for entry in objects(of, "attributes"))
    return {name: value[kind] for name, value in found for kind in _SCALARS if kind in value}


def _nanoseconds(value: Any) -> int:
    if isinstance(value, str) and value.isdecimal() and value.isascii() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _failure(status: Record, facts: Record) -> str:
    """Return why the work of a span failed; an empty string where it did not."""
    error = text(facts, "error.type")
    if status.get("code") in (2, "STATUS_CODE_ERROR") or error:
        return text(status, "message") or text(facts, "exception.message") or error or "failed"
    return ""


def moment_of(nanoseconds: int) -> str:
    """Return a normal time stamp, an empty string when there is none."""
    try:
        return times.from_ms(nanoseconds // 1_000_000) if nanoseconds else ""
    except OverflowError:
        return ""


def messages(span: Span, name: str) -> list[Record]:
    """Return the messages that stand as JSON in an attribute."""
    value = span.facts.get(name)
    return objects({"all": decoded(value) if isinstance(value, str) else value}, "all")


def parts(message: Record, kind: str) -> list[Record]:
    return [part for part in objects(message, "parts") if part.get("type") == kind]


def words(message: Record, kind: str = "text") -> str:
    return "\n".join(filter(None, (text(part, "content") for part in parts(message, kind))))
