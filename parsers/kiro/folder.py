"""A session's folder, as the CLI and the editor have it now: `messages.jsonl`, and `session.json` that tells of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from parsers.documents import OneThread, beside, load_lines
from parsers.fields import items, joined, mapping, moment, text
from parsers.kiro import tools
from parsers.transcript import At, Transcript

Record = dict[str, Any]

LOG, ABOUT = "messages.jsonl", "session.json"
ELIDED = "..."
"""What stands for a thought that only the model's maker can read."""


class SessionFolder(OneThread):
    tool, schema = "kiro", "kiro-messages-jsonl-v1"

    def fill(self, path: Path, to: Transcript) -> None:
        """Read the messages, and what lies beside them; either of both leads here."""
        log = path.with_name(LOG) if path.name == ABOUT else path
        _learn(mapping(beside(path, ABOUT)), path, to)
        if log == path or log.is_file():
            for record in load_lines(log, to.out):
                _take(record, to)
        else:
            to.out.record("session")
            to.out.ignore("session")


def _learn(about: Record, path: Path, to: Transcript) -> None:
    folders = [folder for folder in items(about, "workspacePaths") if isinstance(folder, str)]
    model = text(about, "modelId")
    to.facts.learn(
        session_id=text(about, "id") or (path.parent.name if path.name in (LOG, ABOUT) else path.stem),
        title=text(about, "title"),
        cwd=folders[0] if folders else "",
        created=moment(about, "createdAt"),
        updated=moment(about, "lastModifiedAt"),
        parent_session_id=text(about, "parentSessionId"),
        model="" if model == "auto" else model,
    )


def _take(record: Record, to: Transcript) -> None:
    payload = mapping(record, "payload")
    kind, made = text(payload, "type") or "no type", to.facts.made
    to.out.record(kind, record)
    if kind not in PAYLOADS:
        to.out.skip(kind)
        return
    native = text(record, "id")
    at = At(time=moment(record, "timestamp") or "", raw=kind, group=text(payload, "executionId"))
    PAYLOADS[kind](payload, at, native, to)
    if to.facts.made == made:
        to.out.ignore(kind)


def _user(payload: Record, at: At, native: str, to: Transcript) -> None:
    words = joined(payload.get("content"))
    to.facts.learn(said=words.strip())
    to.user("\n".join(filter(None, (words, tools.images(payload)))), at, native)


def _answer(payload: Record, at: At, native: str, to: Transcript) -> None:
    words, operation, model = joined(payload.get("content")), text(payload, "operationType"), _model(payload)
    if operation == "Reasoning":
        to.facts.learn(model=model)
        to.thinking("" if words.strip() == ELIDED else words, at, native)
    elif operation == "Summary":
        to.compacted(words, at, native)
    else:
        to.agent(words, at, native, model=model)


def _model(payload: Record) -> str:
    name = text(payload, "reasoningModelId", "modelId")
    return "" if name == "auto" else name


def _call(payload: Record, at: At, native: str, to: Transcript) -> None:
    name, given = text(payload, "toolName"), tools.arguments(payload.get("args"))
    to.call(name, given, at, text(payload, "toolCallId"), native, action=tools.action(name, given))


def _result(payload: Record, at: At, native: str, to: Transcript) -> None:
    told = tools.result(payload.get("content"))
    failed = payload.get("success") is False
    to.result(told.words, at, text(payload, "toolCallId"), native, is_error=failed, exit_code=told.exit_code)


def _notice(payload: Record, at: At, native: str, to: Transcript) -> None:
    """Take words that nobody typed: Kiro's own instructions, which stand there as the start of the session."""
    to.system(joined(payload.get("content")) or text(payload, "message"), at, native)


def _error(payload: Record, at: At, native: str, to: Transcript) -> None:
    to.custom("error", joined(payload.get("content")) or text(payload, "message", "error"), at, native)


def _subagent(payload: Record, at: At, native: str, to: Transcript) -> None:
    """Take the start or the end of a subagent, which has a folder of its own."""
    task, name = text(payload, "subSessionId") or native, text(payload, "subAgentName")
    if at.raw == "sub_agent_start":
        to.task_start(task, name or text(payload, "prompt"), at, native)
    else:
        to.task_end(task, joined(payload.get("response")), at, native)


def _silent(payload: Record, at: At, native: str, to: Transcript) -> None:
    """What tells of the program's own doings gives no event."""


PAYLOADS: Mapping[str, Callable[[Record, At, str, Transcript], None]] = {
    "user": _user,
    "assistant": _answer,
    "tool_call": _call,
    "tool_result": _result,
    "session_start": _notice,
    "system": _notice,
    "agent_note": _notice,
    "error": _error,
    "sub_agent_start": _subagent,
    "sub_agent_complete": _subagent,
    **dict.fromkeys(
        (
            "interaction_resolved",
            "pending_interaction",
            "session_event",
            "session_metadata",
            "tombstone",
            "turn_end",
            "turn_start",
            "usage_summary",
        ),
        _silent,
    ),
}
