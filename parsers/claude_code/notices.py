"""From the harness's own lines (system, progress, queue, summary) to what they say."""

from __future__ import annotations

from typing import Any

import msgspec

from opensession.hail import times
from opensession.hail.actions import Action, Custom, SystemMessage
from opensession.hail.model import Event, text
from parsers.base import Output
from parsers.claude_code.calls import SCHEMA
from parsers.claude_code.records import Line, Progress
from parsers.claude_code.state import MAX_HELD, Held, State, Turn

SYSTEM = SystemMessage()
COMPACTED = Custom(kind="context_compacted")


def read_system(state: State, line: Line, turn: Turn, out: Output) -> None:
    words = (line.content or "").strip() or f"System event: {line.subtype or 'unknown'}"
    marks = _marks("system", turn, group=line.uuid)
    if line.subtype:
        marks["system.subtype"] = line.subtype
    if line.level:
        marks["system.level"] = line.level
    action = COMPACTED if line.subtype == "compact_boundary" else SYSTEM
    _notice(state, turn, line.uuid or _timed("system", turn), words, marks, out, action)


def read_progress(state: State, line: Line, turn: Turn, out: Output) -> None:
    marks = _marks("progress", turn, group=line.uuid)
    call_id = line.hook_id or line.tool_use_id or line.parent_hook_id or line.parent_tool_use_id
    if call_id:
        marks["semantic.call_id"] = call_id
    if line.data and line.data.type:
        marks["progress.type"] = line.data.type
    _notice(state, turn, line.uuid or _timed("progress", turn), progress_words(line.data), marks, out)


def progress_words(data: Progress | None) -> str:
    """Return what a progress line says in one line."""
    if data is None:
        return "Progress update"
    if data.type == "hook_progress":
        name = (data.hook_name or "").strip()
        return f"Hook progress: {data.hook_event or 'hook'}" + (f" ({name})" if name else "")
    return f"Progress: {_message(data) or data.type or 'progress'}"


def read_queue(state: State, line: Line, turn: Turn, out: Output) -> None:
    operation = line.operation or "unknown"
    queued = operation == "enqueue" and line.content
    words = f"Queued input: {line.content}" if queued else f"Queue operation: {operation}"
    marks = _marks("queue-operation", turn) | {"queue.operation": operation}
    _notice(state, turn, f"{_timed('queue', turn)}-{operation}", words, marks, out)


def read_summary(state: State, line: Line, turn: Turn, out: Output) -> None:
    marks = _marks("summary", turn, group=line.uuid or line.leaf_uuid)
    if line.leaf_uuid:
        marks["summary.leaf_uuid"] = line.leaf_uuid
    event_id = line.uuid or line.leaf_uuid or _timed("summary", turn)
    _notice(state, turn, event_id, f"Summary: {line.summary}" if line.summary else "Summary", marks, out)


def emit_held(state: State, at: str, out: Output) -> None:
    """Emit what stood at the top of the log before any time was known."""
    for event in held_events(state, at):
        out.emit(event)
    state.held = []


def held_events(state: State, at: str) -> list[Event]:
    return [
        Event(event_id=held.event_id, timestamp=at, action=SYSTEM, content=text(held.words), attributes=held.attributes)
        for held in state.held
    ]


def _notice(
    state: State,
    turn: Turn,
    event_id: str,
    words: str,
    marks: dict[str, Any],
    out: Output,
    action: Action = SYSTEM,
) -> None:
    if turn.at:
        event = Event(event_id=event_id, timestamp=turn.at, action=action, content=text(words), attributes=marks)
        out.emit(event)
    elif len(state.held) < MAX_HELD:
        state.held.append(Held(event_id, words, marks))
    else:
        out.skip("no timestamp")


def _marks(raw_type: str, turn: Turn, group: str | None = None) -> dict[str, Any]:
    marks = {**turn.marks, "source.schema_version": SCHEMA, "source.raw_type": raw_type}
    if group:
        marks["semantic.group_id"] = group
    return marks


def _timed(prefix: str, turn: Turn) -> str:
    """Return an id made of the time, for lines that have no id of their own."""
    return f"{prefix}-{int(times.instant(turn.at).timestamp() * 1000) if turn.at else 0}"


def _message(data: Progress) -> str:
    """Return the message when it is text: an agent's progress holds a whole record there, megabytes at times."""
    raw = data.message
    if not raw or bytes(memoryview(raw)[:1]) != b'"':
        return ""
    return str(msgspec.json.decode(raw)).strip()
