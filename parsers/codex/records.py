"""The lines of a Codex rollout: the envelope, and of its payload the fields that frequent records need.

One typed decode skips what nobody reads (instructions, replaced histories, command output logged twice). Whatever is
rare is decoded again, whole, by the handler that wants it: `Record.whole`.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from parsers.lines import salvage


class Payload(Struct, gc=False):
    """A response item or an event message. Null and missing are the same."""

    type: Any = None
    id: Any = None
    role: Any = None
    content: Any = None
    summary: Any = None
    name: Any = None
    arguments: Any = None
    input: Any = None
    call_id: Any = None
    output: Any = None
    result: Any = None
    function: Any = None
    action: Any = None
    status: Any = None
    text: Any = None
    message: Any = None
    turn_id: Any = None
    task_id: Any = None
    title: Any = None
    task: Any = None
    last_agent_message: Any = None
    item: Any = None
    info: Any = None
    exit_code: Any = None
    changes: Any = None
    model: Any = None


class Record(Struct, gc=False):
    """One line. `raw` is its JSON, or the object that was saved from a line which is no clean JSON."""

    type: Any = None
    timestamp: Any = None
    record_type: Any = None
    payload: Payload | None = None
    raw: Any = None

    def flat(self) -> Payload:
        """Return the line itself as an item: rollouts of early 2025 have no envelope."""
        return msgspec.convert(self.line(), Payload)

    def line(self) -> dict[str, Any]:
        """Return everything that the line says."""
        return self.raw if isinstance(self.raw, dict) else _object(self.raw)

    def whole(self) -> dict[str, Any]:
        """Return everything that the payload says."""
        payload = self.line().get("payload")
        return payload if isinstance(payload, dict) else {}


_record = msgspec.json.Decoder(Record)


def decode(line: bytes) -> list[Record]:
    """Return the record of a line; several when objects are glued together, none when nothing can be saved."""
    try:
        record = _record.decode(line)
        record.raw = line
        return [record]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return [saved for value in salvage(line) if (saved := _saved(value))]


def _object(line: bytes) -> dict[str, Any]:
    """Return a line as an object. What the typed decode skipped may be the very part that is no clean JSON."""
    try:
        value = msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        value = next(iter(salvage(line)), None)
    return value if isinstance(value, dict) else {}


def _saved(value: Any) -> Record | None:
    if not isinstance(value, dict):
        return None
    payload = value.get("payload")
    return Record(
        type=value.get("type"),
        timestamp=value.get("timestamp"),
        record_type=value.get("record_type"),
        payload=msgspec.convert(payload, Payload) if isinstance(payload, dict) else None,
        raw=value,
    )


def trimmed(value: Any) -> str:
    """Return a text without the blanks around it; anything else is an empty text."""
    return value.strip() if isinstance(value, str) else ""


def first_text(*values: Any) -> str:
    """Return the first value that is present, if it is text; else an empty string."""
    for value in values:
        if value is not None:
            return value if isinstance(value, str) else ""
    return ""


def first_words(*values: Any) -> str:
    """Return the first value that is present, trimmed, if it is text."""
    return first_text(*values).strip()
