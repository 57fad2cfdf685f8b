"""The lines of a Claude Code log: the fields that are used, and nothing else of them.

What is big or of many shapes stays `Raw` until someone asks for it. One odd field must never cost a whole line, so a
line that strict decoding refuses is taken apart and keeps all fields but the odd ones.
"""

from __future__ import annotations

from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

import msgspec
from msgspec import Raw, Struct, field
from msgspec.structs import FieldInfo, fields

from parsers.diffs import Hunk
from parsers.lines import salvage

T = TypeVar("T", bound=Struct)

NOTHING = Raw()
MOST = 1 << 53
"""No count of tokens is higher; what is told above it, infinity too, is no count."""


class Block(Struct, gc=False):
    """A content block of any type: fields that the type does not have stay unset."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    id: str | None = None
    name: str | None = None
    input: Any = None
    tool_use_id: str | None = None
    content: Any = None
    is_error: bool | None = None
    source: Raw = NOTHING


class Usage(Struct, gc=False):
    input_tokens: float | int | None = None
    output_tokens: float | int | None = None
    cache_read_input_tokens: float | int | None = None
    cache_creation_input_tokens: float | int | None = None

    def counts(self) -> tuple[int, int, int, int]:
        """Return input, output, cache read and cache written tokens."""
        return (
            _count(self.input_tokens),
            _count(self.output_tokens),
            _count(self.cache_read_input_tokens),
            _count(self.cache_creation_input_tokens),
        )


class Message(Struct, gc=False):
    id: str | None = None
    model: str | None = None
    content: str | list[Block] | None = None
    usage: Usage | None = None


class Progress(Struct, gc=False, rename="camel"):
    type: str | None = None
    hook_event: str | None = None
    hook_name: str | None = None
    message: Raw = NOTHING


class Fork(Struct, gc=False, rename="camel"):
    session_id: str | None = None


class Line(Struct, gc=False, rename="camel"):
    """One record of any type."""

    type: str = ""
    uuid: str | None = None
    timestamp: str | None = None
    session_id: str | None = None
    cwd: str | None = None
    git_branch: str | None = None
    version: str | None = None
    agent_id: str | None = None
    slug: str | None = None
    is_sidechain: bool | None = None
    is_meta: bool | None = None
    is_compact_summary: bool | None = None
    forked_from: Fork | None = None
    message: Message | None = None
    request_id: str | None = None
    usage: Usage | None = None
    tool_use_result: Raw = NOTHING
    subtype: str | None = None
    level: str | None = None
    content: str | None = None
    data: Progress | None = None
    hook_id: str | None = field(default=None, name="toolUseID")
    tool_use_id: str | None = None
    parent_hook_id: str | None = field(default=None, name="parentToolUseID")
    parent_tool_use_id: str | None = None
    operation: str | None = None
    summary: str | None = None
    leaf_uuid: str | None = None
    custom_title: str | None = None
    ai_title: str | None = None


class Outcome(Struct, gc=False, rename="camel"):
    """What `toolUseResult` says beyond the text of the result."""

    agent_id: str | None = None
    interrupted: bool | None = None
    background_task_id: str | None = None
    return_code_interpretation: str | None = None
    exit_code: int | None = None
    structured_patch: list[Hunk] | None = None


_LINE = msgspec.json.Decoder(Line)
_OUTCOME = msgspec.json.Decoder(Outcome)


def decode(line: bytes) -> list[Line]:
    """Return the records of one line: one as a rule, two when a crash glued lines together, none when it is broken."""
    try:
        return [_LINE.decode(line)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [lenient(Line, value) for value in salvage(line) if isinstance(value, dict)]


def outcome(raw: bytes) -> Outcome:
    """Return the outcome that a `toolUseResult` tells; an empty one when it is no object."""
    try:
        return _OUTCOME.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        values = salvage(raw)
        return lenient(Outcome, values[0]) if values and isinstance(values[0], dict) else Outcome()


def lenient(kind: type[T], value: dict[str, Any]) -> T:
    """Return a `kind` of the fields that have the right type; the others are left unset."""
    fitting = {each.name: _fitting(each.type, value.get(each.encode_name)) for each in _fields(kind)}
    return kind(**{name: fit for name, fit in fitting.items() if fit is not None})


def _fitting(wanted: Any, value: Any) -> Any:
    """Return the value as one of the wanted types, or None."""
    for option in _options(wanted):
        if option is Any or type(value) is option:
            return value
        if option is Raw:
            return Raw(msgspec.json.encode(value))
        if get_origin(option) is list and isinstance(value, list):
            items = [_fitting(get_args(option)[0], item) for item in value]
            return [item for item in items if item is not None]
        if isinstance(option, type) and issubclass(option, Struct) and isinstance(value, dict):
            return lenient(option, value)
    return None


@cache
def _fields(kind: type[Struct]) -> tuple[FieldInfo, ...]:
    return fields(kind)


def _options(wanted: Any) -> tuple[Any, ...]:
    return get_args(wanted) if isinstance(wanted, UnionType) else (wanted,)


def _count(value: float | int | None) -> int:
    return int(value) if value and 0 < value < MOST else 0
