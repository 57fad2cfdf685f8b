"""Reads a Codex rollout line by line.

Three shapes are told apart by the line alone: lines with an envelope (`type` and `payload`), flat items (`type` without
an envelope, early 2025), and that generation's header (no `type`). The copied history of a fork: see `forks`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from opensession.hail import times
from opensession.hail.actions import TaskEnd
from opensession.hail.model import Event, Header, text
from parsers.base import MAIN, Output
from parsers.codex import event_msgs, forks, items, session
from parsers.codex.line import Line
from parsers.codex.records import Payload, Record, decode
from parsers.codex.state import State

SYNTHETIC_SUMMARY = "synthetic end (missing task_complete)"
SYNTHETIC_TEXT = "synthetic task end"

SILENT = frozenset({"inter_agent_communication", "inter_agent_communication_metadata", "world_state"})
"""Lines that are understood and tell nothing that happened: what the model was shown, and who woke whom."""

ITEM = "response_item"

NOTHING = Payload()


class CodexReader:
    """`state` is all that it remembers; the rest comes from the path."""

    def __init__(self, path: Path) -> None:
        self.state = State()
        self.path = path
        self.mtime = _mtime(path)

    def read(self, line: bytes, out: Output) -> None:
        """Read one line; see `Reader.read`."""
        if not line.strip(b"\0 \t\r"):
            return
        records = decode(line)
        for record in records:
            out.record(_name(record), record.raw)
            # The early rollouts note the state of the interface between the items.
            if record.record_type is None:
                self._read_record(record, out)
            else:
                out.ignore("state")
        if not records:
            out.record("bad line")
            out.skip("bad line")

    def _read_record(self, record: Record, out: Output) -> None:
        kind, payload = _kind(record.type), record.payload or NOTHING
        if kind == ITEM:
            items.complete(payload)
        if not kind:
            if not session.learn_legacy(self.state, record):
                out.skip("no type")
            return
        at = self._time(record)
        if self.state.is_replaying:
            forks.end_if_own(self.state, record, payload, at)
        if known := LINES.get(kind):
            handlers, silent = known
            if handler := handlers.get(_kind(payload.type)):
                handler(Line(self.state, record, payload, at, out))
            else:
                _not_handled(payload, silent, kind, out)
        else:
            self._read_other(kind, record, payload, at, out)

    def _read_other(self, kind: str, record: Record, payload: Payload, at: str, out: Output) -> None:
        if kind == "session_meta":
            session.learn_meta(self.state, record, at)
        elif kind == "turn_context":
            session.learn_turn(self.state, payload)
        elif kind == "compacted":
            event_msgs.read_compacted(Line(self.state, record, payload, at, out))
        elif kind in SILENT:
            out.ignore(kind)
        else:
            item = record.flat()
            if handler := items.HANDLERS.get(_kind(item.type)):
                handler(Line(self.state, record, item, at, out))
            else:
                _not_handled(item, items.SILENT, "item", out)

    def _time(self, record: Record) -> str:
        """Return the line's time, else the session's, else a time that stays the same however the log is cut."""
        at = times.normal(record.timestamp) if isinstance(record.timestamp, str) else None
        if at is not None:
            return at
        record.timestamp = None
        state = self.state
        if state.stamp is None and state.fallback is None:
            state.fallback = self.mtime
        return state.stamp or state.fallback or self.mtime

    def strand(self) -> str:
        """A subagent's rollout is a session of its own, so every rollout is a main strand."""
        return MAIN

    def header(self) -> Header:
        """Return what is known so far; see `Reader.header`."""
        return session.header(self.state, self.path, self.mtime)

    def closings(self) -> Sequence[Event]:
        """Return the ends of the turns that were never completed, by turn id, at the time of the last event."""
        state = self.state
        at = state.updated or state.stamp or self.mtime
        return [
            Event(
                event_id=f"codex-{state.made + number}",
                timestamp=at,
                action=TaskEnd(summary=SYNTHETIC_SUMMARY),
                task_id=turn,
                content=text(state.tasks[turn].title or SYNTHETIC_TEXT),
                attributes={"replayed": True} if state.tasks[turn].replayed else {},
            )
            for number, turn in enumerate(sorted(state.tasks), 1)
        ]


Handlers = Mapping[str, Callable[[Line], None]]

LINES: Mapping[str, tuple[Handlers, frozenset[str]]] = {
    "event_msg": (event_msgs.HANDLERS, event_msgs.SILENT),
    ITEM: (items.HANDLERS, items.SILENT),
}


def _kind(kind: object) -> str:
    return kind if isinstance(kind, str) else ""


def _name(record: Record) -> str:
    """Return what Codex calls such a record: its envelope, and behind a colon what is in it."""
    outer = record.type if isinstance(record.type, str) else ""
    inner = record.payload.type if record.payload else ""
    if not outer:
        outer = "state" if record.record_type is not None else "header"
    return _joined(outer, inner) if isinstance(inner, str) and inner else outer


@lru_cache(maxsize=256)
def _joined(outer: str, inner: str) -> str:
    return f"{outer}:{inner}"


def _not_handled(payload: Payload, silent: frozenset[str], where: str, out: Output) -> None:
    kind = _kind(payload.type) or "no type"
    (out.ignore if kind in silent else out.skip)(f"{where}:{kind}")


def _mtime(path: Path) -> str:
    """Return when the file was written last, for a log that tells no time."""
    try:
        return times.from_ms(path.stat().st_mtime_ns // 1_000_000)
    except OSError:
        return times.from_ms(0)
