"""One line being read: what its handler needs, and how it emits events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opensession.hail import times
from opensession.hail.actions import Action
from opensession.hail.model import EMPTY, Content, Event
from parsers.base import Amendment, Output
from parsers.codex.records import Payload, Record, trimmed
from parsers.codex.state import State

DESKTOP = "codex-desktop-v1"
ITEMS = "codex-jsonl-v1"


class Line:
    """A record at the time `at`. `payload` is its item or message, whatever the generation of the rollout."""

    __slots__ = ("at", "out", "payload", "record", "state")

    def __init__(self, state: State, record: Record, payload: Payload, at: str, out: Output) -> None:
        self.state, self.record, self.payload, self.at, self.out = state, record, payload, at, out

    def emit(
        self,
        action: Action,
        content: Content = EMPTY,
        attributes: dict[str, Any] | None = None,
        task_id: str | None = None,
        duration_ms: int | None = None,
    ) -> int:
        """Emit the next event, which takes over `attributes`, and return its number."""
        state = self.state
        state.made += 1
        state.added = 0
        return self._emit(
            Event(
                event_id=f"codex-{state.made}",
                timestamp=self.at,
                action=action,
                task_id=task_id,
                content=content,
                duration_ms=duration_ms,
                attributes={} if attributes is None else attributes,
            )
        )

    def add(self, action: Action, content: Content, attributes: dict[str, Any]) -> int:
        """Emit an event of a kind that the numbering `codex-<n>` has never counted: it gets a number below `n`."""
        state = self.state
        state.added += 1
        event_id = f"codex-{state.made}.{state.added}"
        return self._emit(
            Event(event_id=event_id, timestamp=self.at, action=action, content=content, attributes=attributes)
        )

    def _emit(self, event: Event) -> int:
        state = self.state
        if self.record.timestamp is None:
            event.attributes["timestamp.estimated"] = True
        if state.is_replaying:
            event.attributes["replayed"] = True
        elif state.created is None:
            state.created = self.at
        state.updated = self.at
        return self.out.emit(event)

    def amend(self, number: int, totals: Mapping[str, int], **changes: Any) -> None:
        """Amend an earlier event. What was replayed stands in no totals, so nothing is added to them."""
        counted = {"event_count": totals["event_count"]} if "event_count" in totals else {}
        self.out.amend(Amendment(number, totals=counted if self.state.is_replaying else dict(totals), **changes))

    def turn(self) -> str | None:
        """Return the id of the turn that the line belongs to."""
        return turn_id(self.payload)


def turn_id(payload: Payload) -> str | None:
    """Return the id of the turn that a payload names."""
    return trimmed(payload.turn_id) or trimmed(payload.task_id) or None


def source(schema: str, raw_type: str, **more: Any) -> dict[str, Any]:
    """Return the attributes that tell where an event comes from; further ones are left out when empty."""
    marks: dict[str, Any] = {"source.schema_version": schema, "source.raw_type": raw_type}
    if more:
        marks.update((name, value) for name, value in more.items() if value)
    return marks


def item_marks(raw_type: str, call_id: str, kind: str) -> dict[str, Any]:
    """Return the attributes of a tool call or its result."""
    marks = {"source.schema_version": ITEMS, "source.raw_type": raw_type, "semantic.tool_kind": kind}
    if call_id:
        marks["semantic.call_id"] = call_id
    return marks


def micros(at: str) -> int:
    """Return the microseconds of a time stamp."""
    moment = times.instant(at)
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
