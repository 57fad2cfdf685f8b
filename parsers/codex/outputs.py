"""What tools gave back: their text, and the exit codes that belong to earlier commands."""

from __future__ import annotations

import re
from typing import Any, TypeGuard

import msgspec
from msgspec import Struct

from opensession.hail.actions import ToolResult
from opensession.hail.model import EMPTY, text
from parsers.codex.interactive import TOOL as QUESTION_TOOL
from parsers.codex.interactive import read_answers
from parsers.codex.line import Line, item_marks
from parsers.codex.records import first_text, trimmed
from parsers.codex.state import MAX_CALLS, Call, keep
from parsers.common import tool_kind
from parsers.diffs import changed_lines

IMAGE = "[image]"

_HEADED = ("Command: ", "Chunk ID: ", "Wall time: ", "Exit code: ")
_FACTS = ("Process ", "Exit code: ", "Wall time: ")
_BODY = "\nOutput:\n"
_FACT = re.compile(
    r"(?:Process exited with code|Exit code:) (?P<code>-?\d{1,10})"
    r"|Process running with session ID (?P<process>\d{1,20})"
    r"|Wall time: (?P<seconds>\d{1,9}(?:\.\d{1,9})?) seconds"
).fullmatch


class Result(Struct, gc=False):
    """An output taken apart. `process` is a command that goes on running after the call."""

    words: str
    exit_code: int | None = None
    duration_ms: int | None = None
    process: str = ""


class _Logged(Struct, gc=False):
    """An output that is JSON in a text."""

    output: Any = None
    metadata: Any = None


_logged = msgspec.json.Decoder(_Logged)


def read_output(line: Line) -> None:
    """Emit the result of a call, after what the user answered if the call was a question."""
    payload, state = line.payload, line.state
    call_id = trimmed(payload.call_id)
    call = state.calls.get(call_id)
    name = call.name if call else state.last_tool
    parent = call.event_id if call else None
    if not call_id and state.made:
        parent = f"codex-{state.made}"
    result = taken_apart(payload.output)
    if name.rsplit(".", 1)[-1] == QUESTION_TOOL:
        read_answers(line, call_id, result.words)
    if call:
        _learn_exit(line, call, result)
    line.emit(
        ToolResult(name=name, is_error=bool(result.exit_code), call_id=parent),
        text(result.words) if result.words else EMPTY,
        item_marks(payload.type, call_id, tool_kind(name)),
        duration_ms=result.duration_ms,
    )


def taken_apart(output: Any) -> Result:
    """Return the text of an output and the facts that its wrapping or its heading tells."""
    if isinstance(output, str):
        return _wrapped(output) if output[:1] == "{" else _headed(output)
    if isinstance(output, dict) and "type" not in output:
        return _result(output.get("output"), output.get("metadata"), "")
    return _headed(_joined(output if isinstance(output, list) else [output]))


def _wrapped(output: str) -> Result:
    try:
        logged = _logged.decode(output)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return _headed(output)
    return _result(logged.output, logged.metadata, output)


def _result(words: Any, metadata: Any, otherwise: str) -> Result:
    result = Result(words if isinstance(words, str) else otherwise)
    if isinstance(metadata, dict):
        code, seconds = metadata.get("exit_code"), metadata.get("duration_seconds")
        result.exit_code = code if is_exit_code(code) else None
        if isinstance(seconds, (int, float)) and type(seconds) is not bool:
            result.duration_ms = _milliseconds(seconds)
    return result


def is_exit_code(code: object) -> TypeGuard[int]:
    """Tell whether it is one: a whole number. Windows gives unsigned ones of 32 bits."""
    return type(code) is int and abs(code) < 2**32


def _milliseconds(seconds: float) -> int:
    return max(0, int(min(seconds, 1e12) * 1000))


def _headed(words: str) -> Result:
    """Only the lines above `Output:` speak for the tool; below it, anything may stand."""
    result = Result(words)
    if words.startswith(_HEADED):
        end = words.find(_BODY)
        for row in (words if end < 0 else words[:end]).split("\n"):
            if row.startswith(_FACTS) and (fact := _FACT(row.rstrip("\r"))):
                _take(result, fact)
    return result


def _take(result: Result, fact: re.Match[str]) -> None:
    code, process, seconds = fact.groups()
    if code:
        result.exit_code = int(code)
    elif process:
        result.process = process
    else:
        result.duration_ms = _milliseconds(float(seconds))


def _joined(parts: list[Any]) -> str:
    return "\n".join(words for part in parts if (words := _part(part)))


def _part(part: Any) -> str:
    if not isinstance(part, dict):
        return first_text(part)
    kind = part.get("type")
    return IMAGE if kind in ("input_image", "image") else first_text(part.get("text"))


def _learn_exit(line: Line, call: Call, result: Result) -> None:
    """Tell the command how it ended. One that ran on ends when a later call that writes to it reports so."""
    if result.process and call.waits:
        keep(line.state.processes, result.process, call.number, MAX_CALLS)
    if result.exit_code is None:
        return
    if call.waits:
        call.waits = False
        _amend_exit(line, call.number, result.exit_code)
    elif (number := line.state.processes.pop(call.process, None)) is not None:
        _amend_exit(line, number, result.exit_code)


def _amend_exit(line: Line, number: int, code: int) -> None:
    line.amend(number, {"has_errors": 1} if code else {}, action={"exit_code": code})


def read_exec_end(line: Line) -> None:
    """The end of a command, logged beside the call's output or, for one that ran on, long after it."""
    call = line.state.calls.get(trimmed(line.payload.call_id))
    code = line.payload.exit_code
    if call is None or not call.waits or not is_exit_code(code):
        return
    call.waits = False
    running = line.state.processes
    line.state.processes = {process: number for process, number in running.items() if number != call.number}
    _amend_exit(line, call.number, code)


def read_patch_end(line: Line) -> None:
    """Fill in the diffs of file edits whose call told none."""
    call = line.state.calls.get(trimmed(line.payload.call_id))
    changes = line.payload.changes
    if call is None or not call.edits or not isinstance(changes, dict):
        return
    for path, number in call.edits.items():
        if diff := _diff_of(path, changes):
            added, removed = changed_lines(diff)
            line.amend(number, {"lines_added": added, "lines_removed": removed}, action={"diff": diff})
    call.edits = {}


def _diff_of(path: str, changes: dict[str, Any]) -> str:
    """Return the diff of a file. The log of the end may give its whole path where the call gave a relative one."""
    for changed, change in changes.items():
        if (changed == path or changed.endswith(f"/{path.removeprefix('./')}")) and isinstance(change, dict):
            return first_text(change.get("unified_diff"))
    return ""
