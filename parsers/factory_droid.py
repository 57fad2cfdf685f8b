"""Factory Droid: a session's messages, one per line, and its settings beside them (`spec/parsers.md` 2.15).

`<id>.settings.json` holds the model and the tokens of all of the session; it is written anew all the time, so the log
is read whole. Headless runs print a stream of their own, with the same tools.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from opensession.hail.actions import Action, FileCreate, FileDelete, FileEdit, FileSearch
from parsers.base import Match, Sample
from parsers.codex.patches import FilePatch, files
from parsers.common import strip_reminders
from parsers.diffs import unified
from parsers.documents import OneThread, beside, load_lines
from parsers.fields import items, joined, mapping, moment, number, objects, text
from parsers.titles import native_title
from parsers.transcript import At, Transcript, Usage, call_content

Record = dict[str, Any]

TOOL = "factory-droid"
SETTINGS = ".settings.json"
ATTACHED = "Contents of "
"""How the text of a file begins that the user only named."""

_EXIT_CODE = re.compile(r"(?:\[Process exited with code |\(exit code: )(-?[0-9]{1,9})[\])]").findall
_SETTING_KEYS = ("tokenUsage", "autonomyMode", "reasoningEffort", "providerLock", "assistantActiveTimeMs")


class FactoryDroidParser(OneThread):
    tool, schema = TOOL, "factory-droid-jsonl-v1"

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the first line of a session, by the messages of a stream, or by the keys of the settings."""
        if any(_is_start(record) for record in sample.records):
            return Match(90, "the start of a Factory Droid session")
        if any(_is_streamed(record) for record in sample.records):
            return Match(90, "the stream of a headless Factory Droid")
        if "model" in sample.keys and sum(key in sample.keys for key in _SETTING_KEYS) > 1:
            return Match(85, "the settings of a Factory Droid session")
        return None

    def fill(self, path: Path, to: Transcript) -> None:
        """Say what happened in the session; see `OneThread.fill`."""
        stem = path.name.removesuffix(SETTINGS) if path.name.endswith(SETTINGS) else path.stem
        log, settings = path.with_name(f"{stem}.jsonl"), mapping(beside(path, f"{stem}{SETTINGS}"))
        session = _Session(to)
        if log == path or log.is_file():
            for record in load_lines(log, to.out):
                session.take(record)
        session.settle(settings)
        to.facts.learn(session_id=stem)


def _is_start(record: Record) -> bool:
    return text(record, "type") == "session_start" and text(record, "id", "sessionId") != "" and "cwd" in record


def _is_streamed(record: Record) -> bool:
    has_session = text(record, "session_id", "sessionId") != ""
    is_message = text(record, "type") == "message" and isinstance(record.get("text"), str) and "role" in record
    is_call = text(record, "type") == "tool_call" and "toolName" in record and "parameters" in record
    return has_session and (is_message or is_call)


class _Session:
    """Writes what happened in a session."""

    def __init__(self, to: Transcript) -> None:
        self.to = to
        self._last_words = ""

    def take(self, record: Record) -> None:
        kind = text(record, "type") or "no type"
        self.to.out.record(kind, record)
        at = At(time=moment(record, "timestamp") or "", raw=kind, group=text(record, "messageId", "id"))
        made = self.to.facts.made
        if handler := _HANDLERS.get(kind):
            handler(self, record, at)
            if self.to.facts.made == made:
                self.to.out.ignore(kind)
        else:
            (self.to.out.ignore if kind in _SILENT else self.to.out.skip)(kind)

    def start(self, record: Record, at: At) -> None:
        version = text(record, "version")
        self.to.facts.learn(
            session_id=text(record, "sessionId", "session_id") or (text(record, "id") if at.raw != "system" else ""),
            title=native_title(text(record, "sessionTitle")) or text(record, "title"),
            cwd=text(record, "cwd"),
            version=version if "." in version else "",
            parent_session_id=text(record, "callingSessionId", "parent"),
            created=at.time,
            model=_model(record),
        )

    def message(self, record: Record, at: At) -> None:
        """Take a message of the session, or one of the stream, which has its words at hand."""
        self.to.facts.learn(session_id=text(record, "session_id"))
        message = mapping(record, "message") or record
        role, content = text(message, "role"), message.get("content", message.get("text"))
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
        typed: list[str] = []
        others: list[tuple[int, Record]] = []
        for place, block in enumerate(blocks):
            if role == "user" and _is_typed(block, place):
                typed.append(strip_reminders(joined([block])))
            elif isinstance(block, dict):
                others.append((place, block))
        self.to.user("\n".join(filter(None, typed)), at, at.group)
        for place, block in others:
            self._block(role, block, at, text(record, "id"), place)

    def call(self, record: Record, at: At) -> None:
        self.to.facts.learn(session_id=text(record, "session_id", "sessionId"))
        self._call(text(record, "toolName"), record.get("parameters"), at, text(record, "toolCallId", "id"))

    def result(self, record: Record, at: At) -> None:
        """Take a result of the stream. Some versions do not say of which call: it is the oldest one."""
        value, error = record.get("value"), mapping(record, "error")
        call_id = text(record, "toolCallId", "id")
        if call_id not in self.to.facts.calls:
            call_id = next(iter(self.to.facts.calls), call_id)
        code = number(value, "exitCode")
        words = text(error, "message") or _value_words(value)
        self._result(words, at, call_id, record.get("isError") is True or bool(error), code)

    def completion(self, record: Record, at: At) -> None:
        """Take the end of a headless run, which repeats the last words of the agent."""
        words, usage = text(record, "finalText").strip(), _usage(mapping(record, "usage"))
        if words and words != self._last_words:
            self.to.agent(words, at, text(record, "id"), usage)
        elif usage:
            self.to.tokens(usage, at)

    def notice(self, record: Record, at: At) -> None:
        self.to.system(f"error: {text(record, 'message')}", at, text(record, "id"))

    def compacted(self, record: Record, at: At) -> None:
        self.to.compacted(text(record, "summaryText", "summary"), at, text(record, "id"))

    def settle(self, settings: Record) -> None:
        """Take what the settings tell: the model, and the tokens of all of the session."""
        self.to.facts.learn(model=_model(settings), provider=text(settings, "providerLock"))
        spent = mapping(settings, "tokenUsage")
        totals = {name: count for name, key in _TOTALS.items() if (count := number(spent, key) or 0) > 0}
        if totals:
            self.to.custom("token_count", "", At(raw="tokenUsage"), "tokens", totals)

    def _block(self, role: str, block: Record, at: At, native: str, place: int) -> None:
        kind = text(block, "type")
        at = At(time=at.time, raw=f"{at.raw}:{kind}", group=at.group)
        own = native and f"{native}-{place}"
        if kind == "tool_use":
            self._call(text(block, "name"), block.get("input"), at, text(block, "id"))
        elif kind == "tool_result":
            words = joined(block.get("content"))
            self._result(words, at, text(block, "tool_use_id"), block.get("is_error") is True)
        elif kind == "thinking":
            self.to.thinking(text(block, "thinking"), at, own)
        elif role == "assistant":
            words = joined([block])
            self._last_words = words.strip() or self._last_words
            self.to.agent(words, at, own)
        else:
            self.to.system(strip_reminders(joined([block])), at, own)

    def _call(self, name: str, arguments: Any, at: At, call_id: str) -> None:
        """Write a call; of a patch for several files, each file as an event."""
        patched = files(text(arguments, "input", "patch")) if name == "ApplyPatch" else []
        self.to.call(name, arguments, at, call_id, action=_patched(patched[0]) if patched else _action(name, arguments))
        for place, part in enumerate(patched[1:], start=2):
            made = _patched(part)
            self.to.emit(made, call_content(made, None), at, call_id and f"{call_id}-call-{place}")

    def _result(self, words: str, at: At, call_id: str, is_error: bool, code: int | None = None) -> None:
        told = _EXIT_CODE(words[-400:]) or _EXIT_CODE(words[:400])
        exit_code = int(told[-1]) if told and code is None else code
        self.to.result(words, at, call_id, is_error=is_error, exit_code=exit_code)


def _is_typed(block: Any, place: int) -> bool:
    """Tell whether the user typed a block or put it in. The files that the prompt names follow as further blocks."""
    is_own = text(block, "type") in ("text", "image", "document")
    return is_own and not (place and joined([block]).startswith(ATTACHED))


def _model(told: Record) -> str:
    return text(told, "model").removeprefix("custom:")


def _action(name: str, arguments: Any) -> Action | None:
    """Return what a call does where its arguments are called as nowhere else."""
    if name == "LS":
        return FileSearch(pattern=text(arguments, "directory_path", "path") or ".")
    patterns = [pattern for pattern in items(arguments, "patterns") if isinstance(pattern, str)]
    if name == "Glob" and patterns:
        return FileSearch(pattern=", ".join(patterns))
    changes = objects(arguments, "changes")
    if name == "MultiEdit" and changes:
        diff = "".join(unified(text(change, "old_str"), text(change, "new_str")) for change in changes)
        return FileEdit(path=text(arguments, "file_path") or "unknown", diff=diff or None)
    return None


def _patched(part: FilePatch) -> Action:
    if part.verb == "Add":
        return FileCreate(path=part.path)
    if part.verb == "Delete":
        return FileDelete(path=part.path)
    return FileEdit(path=part.path, diff=part.diff() or None)


def _value_words(value: Any) -> str:
    """Return what a tool of the stream gave back: text, what a command printed, or any value as JSON."""
    printed = [text(value, key) for key in ("stdout", "stderr")]
    if any(printed):
        return "\n".join(part for part in printed if part)
    if isinstance(value, str | list) or value is None:
        return joined(value or "")
    return json.dumps(value, ensure_ascii=False)


def _usage(told: Record) -> Usage | None:
    usage = Usage(
        input_tokens=number(told, "input_tokens") or 0,
        output_tokens=number(told, "output_tokens") or 0,
        cache_read_tokens=number(told, "cache_read_input_tokens") or 0,
        cache_write_tokens=number(told, "cache_creation_input_tokens") or 0,
    )
    return usage if usage.attributes() else None


_TOTALS: Mapping[str, str] = {
    "input_tokens_total": "inputTokens",
    "output_tokens_total": "outputTokens",
    "cache_read_tokens": "cacheReadTokens",
    "cache_write_tokens": "cacheCreationTokens",
    "reasoning_tokens": "thinkingTokens",
}
_HANDLERS: Mapping[str, Callable[[_Session, Record, At], None]] = {
    "session_start": _Session.start,
    "system": _Session.start,
    "message": _Session.message,
    "tool_call": _Session.call,
    "tool_result": _Session.result,
    "completion": _Session.completion,
    "error": _Session.notice,
    "compaction": _Session.compacted,
    "compaction_state": _Session.compacted,
}
_SILENT = frozenset({"todo_state", "session_settings", "agent_turn_outcome", "session_end"})
