"""Logs that are written as Claude Code writes them, by agents with tools of their own (`spec/parsers.md` 2.22)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from opensession.hail.model import Header
from parsers.base import MAIN
from parsers.fields import joined, mapping, moment, number, objects, text
from parsers.jsonlines import JsonLinesReader
from parsers.transcript import At, Facts, Transcript, Usage

Record = dict[str, Any]

MOST_SHOWN = 256
"""Calls that are remembered, so that one which is written again gives no second event."""

SUBAGENTS = "subagents"
INJECTED = ("# AGENTS.md instructions for", "<INSTRUCTIONS>", "<local-command-caveat>")
SILENT = frozenset(
    {
        "ai-title",
        "attachment",
        "custom-title",
        "file-history-snapshot",
        "last-prompt",
        "mode",
        "permission-mode",
        "progress",
        "queue-operation",
        "runtime-config",
        "session_meta",
        "summary",
    }
)
"""Records that are understood and tell nothing that happened: settings, titles, snapshots, hooks."""


class Known(Facts):
    """The facts, the last calls, and the id of the answer whose tokens are counted already."""

    shown: list[str] = []
    answer: str = ""


def is_spoken(record: Record) -> bool:
    """Tell whether a record is a message as Claude Code logs it."""
    message = mapping(record, "message")
    is_message = record.get("type") in ("user", "assistant") and message.get("content") is not None
    return is_message and bool(text(record, "uuid") and text(record, "sessionId"))


def is_subagent(path: Path) -> bool:
    return path.parent.name == SUBAGENTS


def companions(path: Path) -> Sequence[Path]:
    """Return the logs of the subagents of the session at `path`."""
    return () if is_subagent(path) else sorted((path.with_suffix("") / SUBAGENTS).glob("*.jsonl"))


class ClaudeLikeReader(JsonLinesReader):
    """Reads such a log. A format names its `tool` and `schema`."""

    state: Known

    def begin(self) -> Known:
        return Known()

    def take(self, record: Record, kind: str, to: Transcript) -> None:
        """Say what a record means; see `JsonLinesReader.take`."""
        self._learn(record, kind)
        handler = _HANDLERS.get(kind)
        if handler is None:
            (to.out.ignore if kind in SILENT else to.out.skip)(kind)
            return
        made = len(to.out.events)
        handler(record, _at(record, kind), to, self.state)
        if len(to.out.events) == made:
            to.out.ignore(kind)

    def strand(self) -> str:
        """Return `MAIN`, or the name of the log of a subagent."""
        return self.path.stem if is_subagent(self.path) else MAIN

    def header(self) -> Header:
        """Return what is known so far. The log of a subagent lies in a folder that is named after the session."""
        if is_subagent(self.path):
            self.state.session_id = self.path.parent.parent.name
            self.state.is_auxiliary = True
        return super().header()

    def _learn(self, record: Record, kind: str) -> None:
        state = self.state
        if not (state.session_id and state.cwd and state.git_branch and state.version):
            state.learn(
                session_id=text(record, "sessionId"),
                cwd=text(record, "cwd"),
                git_branch=text(record, "gitBranch"),
                version=text(record, "version"),
            )
        if kind in ("summary", "ai-title", "custom-title"):
            state.title = text(record, "customTitle", "aiTitle", "summary") or state.title


def _at(record: Record, kind: str) -> At:
    marks = {"sidechain": True} if record.get("isSidechain") is True else {}
    return At(moment(record, "timestamp") or "", kind, text(record, "uuid"), marks)


def _of(at: At, kind: str) -> At:
    return At(at.time, f"{at.raw}:{kind}", at.group, at.marks)


def _id(at: At, part: str) -> str:
    return f"{at.group}-{part}" if at.group else ""


def _take_user(record: Record, at: At, to: Transcript, known: Known) -> None:
    content = mapping(record, "message").get("content")
    told = mapping(record, "toolUseResult")
    said = [content] if not isinstance(content, list) else []
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict) and block.get("type") == "tool_result":
            _take_result(block, told, _of(at, "tool_result"), to)
        else:
            said.append(block)
    _take_words(joined(said), record, at, to)


def _take_words(words: str, record: Record, at: At, to: Transcript) -> None:
    if record.get("isCompactSummary") is True:
        to.compacted(words, at, at.group)
    elif record.get("isMeta") is True or words.lstrip().startswith(INJECTED):
        to.system(words, at, at.group)
    else:
        to.user(words, at, at.group)


_EXIT = re.compile(r"^Exit Code: (-?\d{1,9})$", re.MULTILINE)


def _take_result(block: Record, told: Record, at: At, to: Transcript) -> None:
    """Take what a tool gave back. `told` is what the log says of it beside the message."""
    content = block.get("content")
    response = _response(content)
    given = mapping(response, "response")
    words = text(given, "output", "error", "content") if response else joined(content)
    display = mapping(content).get("resultDisplay")
    words = words or (display if isinstance(display, str) else "")
    ended = _EXIT.search(words)
    to.result(
        words,
        at,
        text(block, "tool_use_id"),
        name=text(response, "name") or text(told, "toolName"),
        is_error=block.get("is_error") is True or told.get("status") == "error" or bool(text(given, "error")),
        exit_code=int(ended[1]) if ended else None,
        diff=hunks(text(display, "fileDiff")),
    )


def _response(content: Any) -> Record:
    """Return the answer of a tool that stands in the log as Gemini was given it."""
    parts = mapping(content).get("responseParts", content)
    part = parts[0] if isinstance(parts, list) and parts else parts
    return mapping(part, "functionResponse")


def hunks(diff: str) -> str:
    """Return the hunks of a diff, without the names of its files."""
    at = 0 if diff.startswith("@@") else diff.find("\n@@") + 1
    return diff[at:] if diff.startswith("@@", at) else ""


def _take_answer(record: Record, at: At, to: Transcript, known: Known) -> None:
    message = mapping(record, "message")
    model, usage = text(message, "model"), _usage(message, known)
    to.facts.learn(model=model)
    content = message.get("content")
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else objects(content)
    for block in blocks:
        if _take_block(block, at, to, known, usage, model):
            usage = Usage()
    to.tokens(usage, _of(at, "usage"), _id(at, "usage"))


def _take_block(block: Record, at: At, to: Transcript, known: Known, usage: Usage, model: str) -> bool:
    """Say what a block of an answer is, and tell whether it carries the tokens."""
    kind = text(block, "type")
    at = _of(at, kind)
    if kind == "tool_use":
        _take_call(block, at, to, known)
    elif kind == "thinking":
        to.thinking(text(block, "thinking"), at, _id(at, "thinking"))
    elif words := joined(block):
        return to.agent(words, at, _id(at, "text"), usage, model)
    elif kind not in ("text", "redacted_thinking"):
        to.out.skip(f"block {kind}")
    return False


def _take_call(block: Record, at: At, to: Transcript, known: Known) -> None:
    """Take a call, once: iFlow writes the calls of a message that still grows again and again."""
    call = text(block, "id")
    if call and call in known.shown:
        return
    known.shown.append(call)
    del known.shown[:-MOST_SHOWN]
    to.call(text(block, "name"), block.get("input"), at, call)


def _usage(message: Record, known: Known) -> Usage:
    """Return the tokens of an answer, nothing where another line of the same answer told them."""
    name, usage = text(message, "id"), mapping(message, "usage")
    if name and name == known.answer:
        return Usage()
    known.answer = name
    return Usage(
        input_tokens=number(usage, "input_tokens") or 0,
        output_tokens=number(usage, "output_tokens") or 0,
        cache_read_tokens=number(usage, "cache_read_input_tokens") or 0,
        cache_write_tokens=number(usage, "cache_creation_input_tokens") or 0,
    )


def _take_system(record: Record, at: At, to: Transcript, known: Known) -> None:
    if record.get("subtype") == "compact_boundary":
        to.compacted(joined(record.get("content")), at, at.group)
    else:
        to.system(joined(record.get("content")), at, at.group)


Handler = Callable[[Record, At, Transcript, Known], None]

_HANDLERS: Mapping[str, Handler] = {"user": _take_user, "assistant": _take_answer, "system": _take_system}
