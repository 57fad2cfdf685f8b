"""The tools of Warp's agent, by the numbers of the fields that Warp's published schema gives to calls and results."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from opensession.hail.actions import (
    Action,
    CodeSearch,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    FileSearch,
    ShellCommand,
    ToolCall,
)
from parsers.diffs import unified
from parsers.fields import placeholder
from parsers.protobuf import Message

SERVER = 4
"""A call that Warp's server makes and answers itself; both are opaque."""

_DEEPEST = 32
"""Lists and objects in each other that are read of the arguments of a call."""


class Call(NamedTuple):
    """What a call does, and its arguments."""

    name: str
    made: Action
    arguments: Any = None


def calls(field: int, told: Message) -> list[Call]:
    """Return what a call does: one thing as a rule, one for each file where there are several."""
    if field == _APPLY:
        return _changes(told) or [Call("apply_file_diffs", ToolCall(name="apply_file_diffs"))]
    if field == _READ:
        return [Call("read_files", FileRead(path=file.text(1) or "unknown")) for file in told.messages(1)]
    if handler := _CALLS.get(field):
        return [handler(told)]
    name, *texts = _OTHERS.get(field, (f"tool_{field}",))
    arguments = {key: told.text(number) for number, key in enumerate(texts, 1) if key and told.text(number)}
    return [Call(name, ToolCall(name=name), arguments or None)]


def _shell(told: Message) -> Call:
    return Call("run_shell_command", ShellCommand(command=told.text(1)))


def _search(told: Message) -> Call:
    return Call("search_codebase", CodeSearch(query=told.text(1)))


def _grep(told: Message) -> Call:
    return Call("grep", CodeSearch(query="|".join(told.texts(1))))


def _glob(told: Message) -> Call:
    return Call("file_glob", FileSearch(pattern=", ".join(told.texts(1)) or "*"))


def _mcp(told: Message) -> Call:
    name = told.text(1) or "call_mcp_tool"
    return Call(name, ToolCall(name=name), _object(told.message(2), 0))


def _changes(told: Message) -> list[Call]:
    made: list[Action] = [
        *(_edit(edit, unified(edit.text(2), edit.text(3))) for edit in told.messages(2)),
        *(FileCreate(path=file.text(1) or "unknown") for file in told.messages(3)),
        *(FileDelete(path=file.text(1) or "unknown") for file in told.messages(4)),
        *(_edit(edit, "".join(_hunk(hunk) for hunk in edit.messages(3))) for edit in told.messages(5)),
    ]
    return [Call("apply_file_diffs", action) for action in made]


def _edit(edit: Message, diff: str) -> FileEdit:
    return FileEdit(path=edit.text(1) or "unknown", diff=diff or None)


def _hunk(hunk: Message) -> str:
    before, old, new, after = (hunk.text(number) for number in (2, 3, 4, 5))
    return unified("\n".join(filter(None, (before, old, after))), "\n".join(filter(None, (before, new, after))))


_READ, _APPLY = 5, 6
_CALLS: Mapping[int, Callable[[Message], Call]] = {
    2: _shell,
    3: _search,
    9: _grep,
    10: _glob,
    12: _mcp,
    15: _glob,
}
_OTHERS: Mapping[int, tuple[str, ...]] = {
    7: ("suggest_plan", "summary"),
    8: ("suggest_create_plan",),
    11: ("read_mcp_resource", "uri"),
    13: ("write_to_long_running_shell_command", "input", "", "command_id"),
    14: ("suggest_new_conversation",),
    16: ("suggest_prompt",),
    17: ("open_code_review",),
    18: ("init_project",),
    19: ("subagent", "task_id"),
    20: ("read_documents",),
    21: ("edit_documents",),
    22: ("create_documents",),
    23: ("read_shell_command_output", "command_id"),
    24: ("use_computer", "", "", "action_summary"),
    25: ("insert_review_comments", "repo_path", "", "base_branch"),
    26: ("read_skill", "skill_path", "bundled_skill_id", "name"),
    27: ("request_computer_use", "task_summary"),
    28: ("fetch_conversation", "conversation_id"),
    29: ("start_agent", "name", "prompt"),
    30: ("send_message_to_agent", "address", "subject", "message"),
    31: ("transfer_shell_command_control_to_user", "reason"),
}
"""The names of tools, and of those of their fields that are text, from the first on."""


class Told(NamedTuple):
    """What a result says."""

    words: str = ""
    is_error: bool = False
    exit_code: int | None = None


def result(field: int, told: Message) -> Told:
    """Return what a result says."""
    if field == _CANCELLED:
        return Told("cancelled")
    if handler := _RESULTS.get(field):
        return handler(told)
    arm, inner = told.choice(*_arms(field))
    return Told(inner.text(1) if arm else "", arm == _arms(field)[1])


def _arms(field: int) -> tuple[int, int]:
    """Return the numbers under which the result of a tool stands, and its error."""
    return _ODD_ARMS.get(field, (1, 2))


def _ran(told: Message) -> Told:
    """Return the output of a command: of a finished one, one that runs on, or as it was told before both."""
    arm, inner = told.choice(4, 5, 6)
    if arm == 6:
        return Told("permission denied", True)
    if arm:
        return Told(inner.text(1), exit_code=_signed(inner.number(2)) if arm == 5 else None)
    return Told(told.text(1), exit_code=_signed(told.number(2)))


def _watched(first: int) -> Callable[[Message], Told]:
    """Return what reads the result of a tool that deals with a running command."""

    def read(told: Message) -> Told:
        arm, inner = told.choice(first, first + 1, first + 2)
        if arm == first + 2:
            return Told("command not found", True)
        return Told(inner.text(1), exit_code=_signed(inner.number(2)) if arm == first + 1 else None)

    return read


def _listed(show: Callable[[Message], str], success: int = 1) -> Callable[[Message], Told]:
    """Return what reads a result that is a list of messages, or an error."""

    def read(told: Message) -> Told:
        arm, inner = told.choice(success, 2, 3)
        if arm == 2:
            return Told(inner.text(1), True)
        return Told("\n".join(filter(None, (show(item) for item in inner.messages(1)))))

    return read


def _file(item: Message) -> str:
    """Return a file with its content; of one that is not text its path only."""
    kind, inner = item.choice(5, 6)
    if kind == 5:
        return f"[file {inner.text(1)}]"
    held = inner if kind else item
    return "\n".join(filter(None, (held.text(1), held.text(2))))


def _match(item: Message) -> str:
    lines = ",".join(str(line.number(1)) for line in item.messages(2))
    return f"{item.text(1)}:{lines}" if lines else item.text(1)


def _part(item: Message) -> str:
    """Return a part of what an MCP tool gave: text, a picture, or a resource."""
    kind, inner = item.choice(1, 2, 3)
    if kind == 2:
        return _bytes("image", inner)
    return _resource(inner) if kind == 3 else inner.text(1)


def _resource(item: Message) -> str:
    kind, inner = item.choice(2, 3)
    return _bytes("file", inner) if kind == 3 else "\n".join(filter(None, (item.text(1), inner.text(1))))


def _bytes(kind: str, told: Message) -> str:
    return placeholder({"type": kind, "data": told.text(1), "mime_type": told.text(2)})


def _applied(told: Message) -> Told:
    arm, inner = told.choice(1, 2)
    if arm == 2:
        return Told(inner.text(1), True)
    changed = [file.message(1).text(1) for file in inner.messages(2)] or [file.text(1) for file in inner.messages(1)]
    deleted = [file.text(1) for file in inner.messages(3)]
    return Told("\n".join([f"updated {path}" for path in changed] + [f"deleted {path}" for path in deleted]))


def _globbed(told: Message) -> Told:
    arm, inner = told.choice(1, 2)
    return Told(inner.text(1), arm == 2)


_CANCELLED = 14
_RESULTS: Mapping[int, Callable[[Message], Told]] = {
    2: _ran,
    3: _listed(_file),
    5: _listed(_file),
    6: _applied,
    9: _listed(_match),
    10: _globbed,
    15: _listed(_resource),
    16: _listed(_part),
    17: _watched(1),
    19: _listed(lambda item: item.text(1)),
    23: lambda told: Told(told.text(1)),
    24: _listed(lambda item: item.text(2)),
    25: _listed(lambda item: item.text(2)),
    26: _listed(lambda item: item.text(2)),
    27: _watched(2),
    30: lambda told: Told(told.choice(1, 2)[1].message(1).text(2) or told.message(2).text(1), bool(told.every(2))),
    35: _watched(1),
}
_ODD_ARMS: Mapping[int, tuple[int, int]] = {29: (2, 3), 31: (1, 3)}


def _signed(number: int) -> int:
    """Return a number of 32 bits with its sign, which is written with 64."""
    return number - 2**64 if number >= 2**63 else number


def _object(told: Message, depth: int) -> dict[str, Any]:
    """Return the JSON object that a `google.protobuf.Struct` is."""
    return {entry.text(1): _value(entry.message(2), depth + 1) for entry in told.messages(1)}


def _value(told: Message, depth: int) -> Any:
    kind, value = told.fields[-1] if told.fields else (1, 0)
    if kind == 2 and isinstance(value, bytes) and len(value) == 8:
        (number,) = struct.unpack("<d", value)
        return (int(number) if number.is_integer() else number) if math.isfinite(number) else None
    if kind == 3 and isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if kind == 4:
        return bool(value)
    if kind in (5, 6) and isinstance(value, bytes) and depth < _DEEPEST:
        inner = told.choice(5, 6)[1]
        return _object(inner, depth) if kind == 5 else [_value(each, depth + 1) for each in inner.messages(1)]
    return None
