"""From a tool call to its events, and to the note that waits for the output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from opensession.hail.actions import (
    Action,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    ShellCommand,
    ToolCall,
)
from opensession.hail.model import EMPTY, Code, Content, Json, text
from parsers.codex import interactive, patches
from parsers.codex.line import Line, item_marks
from parsers.codex.records import first_text, trimmed
from parsers.codex.state import MAX_CALLS, Call, keep
from parsers.common import language_of, tool_kind
from parsers.toolcalls import Rule, action

SHELLS = frozenset({"exec_command", "shell", "shell_command", "local_shell"})
PATCHERS = frozenset({"apply_patch", "apply_diff"})

CODEX: Mapping[str, Rule] = {
    "read_file": Rule(FileRead, "path", ("path", "file_path"), "unknown"),
    "create_file": Rule(FileCreate, "path", ("path", "file_path"), "unknown"),
    "write_file": Rule(FileCreate, "path", ("path", "file_path"), "unknown"),
}


def read_function_call(line: Line) -> None:
    arguments = _decoded(line.payload.arguments)
    _call(line, arguments, Content(blocks=(Json(data=arguments),)))


def read_custom_call(line: Line) -> None:
    """A custom tool takes free text; a shell called that way gets its arguments as JSON inside."""
    words = first_text(line.payload.input)
    arguments = _decoded(words) if _short(first_text(line.payload.name)) in SHELLS else None
    _call(line, arguments if isinstance(arguments, dict) else {"input": words}, text(words))


def read_local_shell(line: Line) -> None:
    """The shell that the model host defines: its command stands in an action, its call id may be the item's id."""
    run = line.payload.action if isinstance(line.payload.action, dict) else {}
    call_id = trimmed(line.payload.call_id) or trimmed(line.payload.id)
    command = command_of(run)
    number = line.add(ShellCommand(command=command), _code(command), item_marks("local_shell_call", call_id, "shell"))
    _remember(line, call_id, number, "local_shell", waits=True)


def _call(line: Line, arguments: Any, content: Content) -> None:
    payload, name = line.payload, first_text(line.payload.name)
    if not name:
        line.out.skip(f"{payload.type}:no name")
        return
    line.state.last_tool = name
    call_id = trimmed(payload.call_id)
    marks = item_marks(payload.type, call_id, tool_kind(name))
    short = _short(name)
    if short in SHELLS:
        command = command_of(arguments)
        number = line.emit(ShellCommand(command=command), _code(command), marks)
        _remember(line, call_id, number, name, waits=True)
    elif short in PATCHERS:
        _patch(line, name, call_id, arguments, content, marks)
    else:
        if short == interactive.TOOL:
            interactive.remember_questions(line, call_id, arguments)
        known = action(CODEX, short, arguments) if short in CODEX else ToolCall(name=name)
        _remember(line, call_id, line.emit(known, content, marks), name, process=_process(short, arguments))


def _short(name: str) -> str:
    return name.rsplit(".", 1)[-1]


def _decoded(arguments: Any) -> Any:
    """Return arguments, which are logged as JSON text. Bad text is null."""
    if not isinstance(arguments, str):
        return {} if arguments is None else arguments
    try:
        return msgspec.json.decode(arguments)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return None


def command_of(arguments: Any) -> str:
    """Return the command text. A list of three or more is a shell, its option and the script."""
    if not isinstance(arguments, dict):
        return ""
    if isinstance(command := arguments.get("cmd"), str):
        return command
    command = arguments.get("command")
    if isinstance(command, list):
        parts = [part for part in command if isinstance(part, str)]
        return " ".join(parts[2:] if len(parts) >= 3 else parts)
    return first_text(command, arguments.get("input"))


def _code(command: str) -> Content:
    return Content(blocks=(Code(code=command, language="bash"),))


def _process(short: str, arguments: Any) -> str:
    """Return the running process that a call writes to."""
    if short != "write_stdin" or not isinstance(arguments, dict):
        return ""
    process = arguments.get("session_id")
    return str(process) if isinstance(process, (int, str)) else ""


def _remember(line: Line, call_id: str, number: int, name: str, **more: Any) -> None:
    if call_id:
        event_id = line.out.events[number - line.out.first].event_id
        keep(line.state.calls, call_id, Call(number, event_id, name, **more), MAX_CALLS)


def _patch(line: Line, name: str, call_id: str, arguments: Any, content: Content, marks: dict[str, Any]) -> None:
    """Emit one event per file of a patch; the first takes the number of the call."""
    fields = arguments if isinstance(arguments, dict) else {}
    parts = patches.files(first_text(fields.get("input"), fields.get("patch")))
    events = [event for part in parts for event in _file_events(part)]
    if not events:
        events = [(FileEdit(path=_named_path(fields)), content)]
    first, *others = events
    number = line.emit(*first, marks)
    numbers = [number, *(line.add(*other, dict(marks)) for other in others)]
    edits = {
        act.path: at for at, (act, _) in zip(numbers, events, strict=True) if isinstance(act, FileEdit) and not act.diff
    }
    _remember(line, call_id, number, name, edits=edits)


def _named_path(fields: Mapping[str, Any]) -> str:
    paths = (fields.get(key) for key in ("path", "file", "file_path"))
    return next((path for path in paths if isinstance(path, str) and path.strip()), "unknown")


def _file_events(part: patches.FilePatch) -> list[tuple[Action, Content]]:
    """Return what a patch does to one file. A moved file is edited under its old name and then exists anew."""
    if part.verb == "Add":
        return [(FileCreate(path=part.path), _added(part))]
    if part.verb == "Delete":
        return [(FileDelete(path=part.path), EMPTY)]
    edit = (FileEdit(path=part.path, diff=part.diff() or None), EMPTY)
    return [edit, (FileCreate(path=part.moved), EMPTY)] if part.moved else [edit]


def _added(part: patches.FilePatch) -> Content:
    return Content(blocks=(Code(code=part.text(), language=language_of(part.path)),))
