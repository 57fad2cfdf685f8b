"""From a `tool_result` block to its event, and to what it tells about the call."""

from __future__ import annotations

from typing import Any

from opensession.hail.actions import ToolResult
from opensession.hail.model import Event
from parsers.base import Amendment, Output
from parsers.claude_code.calls import AGENT, EXIT, SCHEMA
from parsers.claude_code.records import Block, Outcome, outcome
from parsers.claude_code.state import Call, State, Turn
from parsers.common import result_content, tool_kind
from parsers.diffs import changed_lines, patch

EXIT_WORDS = "Exit code "
BACKGROUND_WORDS = "Command running in background"


def read_result(state: State, block: Block, raw: Any, turn: Turn, out: Output) -> None:
    """Emit the result and amend its call. `raw` is the line's `toolUseResult`, None when it may be another block's."""
    call_id = block.tool_use_id or state.last.id
    call = state.calls.pop(call_id, None) if call_id else None
    name, path = (call.name, call.path) if call else (state.last.name, state.last.path)
    words = result_words(block.content)
    out.emit(
        Event(
            event_id=f"{turn.uuid}-result-{call_id or 'fallback'}",
            timestamp=turn.at,
            action=ToolResult(name=name, is_error=bool(block.is_error), call_id=call_id),
            content=result_content(name, path, words),
            attributes=_attributes(name, call_id, turn),
        )
    )
    if call and call.wants:
        data = bytes(raw) if raw else b""
        failed = bool(block.is_error) or data.startswith(b'"Error:')
        told = outcome(data) if data.startswith(b"{") else Outcome()
        _amend(call, words, failed, told, out)


def result_words(content: Any) -> str:
    """Return the text of a result; a picture is named, what else there may be is left out."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    words = [_words(block) for block in content if isinstance(block, dict)]
    return "\n".join(word for word in words if word is not None)


def placeholder(kind: str, source: Any) -> str:
    """Return what stands for a picture or a document: bytes have no place among the words."""
    mime = source.get("media_type") if isinstance(source, dict) else None
    return f"[{kind}: {mime}]" if isinstance(mime, str) else f"[{kind}]"


def exit_code(words: str, failed: bool, told: Outcome) -> int | None:
    """Return the exit code of a command, None when the log does not say. Silence is success if it ended well."""
    if told.exit_code is not None:
        return told.exit_code
    if words.startswith(EXIT_WORDS):
        number = words[len(EXIT_WORDS) :].split("\n", 1)[0].strip()
        return int(number) if number.isdecimal() and len(number) < 10 else None
    # An interpretation ("No matches found") explains a code that is not zero and is not an error either.
    open_end = told.interrupted or told.background_task_id or told.return_code_interpretation
    return None if failed or open_end or words.startswith(BACKGROUND_WORDS) else 0


def _words(block: dict[str, Any]) -> str | None:
    if block.get("type") in ("image", "document"):
        return placeholder(block["type"], block.get("source"))
    text = block.get("text")
    return text if block.get("type") == "text" and isinstance(text, str) else None


def _attributes(name: str, call_id: str | None, turn: Turn) -> dict[str, Any]:
    attributes = {
        **turn.marks,
        "source.schema_version": SCHEMA,
        "source.raw_type": "tool_result",
        "semantic.group_id": turn.uuid,
        "semantic.tool_kind": tool_kind(name),
    }
    if call_id:
        attributes["semantic.call_id"] = call_id
    return attributes


def _amend(call: Call, words: str, failed: bool, told: Outcome, out: Output) -> None:
    if call.wants == EXIT:
        code = exit_code(words, failed, told)
        if code is not None:
            totals = {"has_errors": 1} if code and not failed and not call.replayed else {}
            out.amend(Amendment(call.number, action={"exit_code": code}, totals=totals))
    elif call.wants == AGENT:
        if told.agent_id:
            out.amend(Amendment(call.number, attributes={"subagent_id": told.agent_id}))
    elif told.structured_patch and not failed:
        diff = patch(told.structured_patch)
        added, removed = changed_lines(diff)
        totals = {} if call.replayed else {"lines_added": added, "lines_removed": removed}
        out.amend(Amendment(call.number, action={"diff": diff}, totals=totals))
