"""The wire of Kimi Code: flat records with a time in milliseconds (`spec/parsers.md` 2.14)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from parsers.base import Output
from parsers.diffs import unified
from parsers.fields import joined, mapping, moment, number, objects, text, unquoted
from parsers.kimi.wire import Wire, usage_of
from parsers.models import provider_of
from parsers.transcript import At, Transcript, Usage

Record = dict[str, Any]
Kept = tuple[str, Record]

_PROMPTS = frozenset({"turn.prompt", "turn.steer", "context.append_message"})
"""Kinds of records that may be in the user's role."""

MOST_PROMPTS = 32
"""Prompts whose repetition as a message is waited for."""

_EXIT_CODE = re.compile(r"exit code: (-?[0-9]{1,9})\b").search


def kind_of(record: Record) -> str:
    """Return the type of a record, with that of the event inside behind a colon."""
    kind = text(record, "type") or "no type"
    event = text(record["event"], "type") if "event" in record else ""
    return f"{kind}:{event}" if event else kind


def active(records: Iterable[Record], out: Output) -> list[Kept]:
    """Return the records that the user did not undo, each with its kind, and count all of them."""
    kept: list[Kept] = []
    prompts = _Prompts()
    anchors: list[int] = []
    for record in records:
        kind = kind_of(record)
        out.record(kind, record)
        if kind == "context.undo":
            out.ignore(kind)
            _undo(number(record, "count") or 0, kept, anchors, out)
            continue
        if kind in ("context.clear", "context.apply_compaction"):
            anchors.clear()
        elif kind in _PROMPTS and prompts.is_new(record) and _is_typed(record):
            anchors.append(len(kept))
        kept.append((kind, record))
    return kept


def _undo(count: int, kept: list[Kept], anchors: list[int], out: Output) -> None:
    """Drop the last `count` prompts of the user and all that came of them; more than there are is no undo at all."""
    if not 0 < count <= len(anchors):
        return
    at = anchors[-count]
    for kind, _ in kept[at:]:
        out.ignore(kind)
    del kept[at:], anchors[-count:]


class _Prompts:
    """Tells which records are a prompt, and not the message that repeats one."""

    def __init__(self) -> None:
        self._waiting: list[str] = []

    def is_new(self, record: Record) -> bool:
        words, kind = _typed(record), text(record, "type")
        if not words:
            return False
        if kind == "context.append_message" and words in self._waiting:
            self._waiting.remove(words)
            return False
        if kind != "context.append_message":
            self._waiting = [*self._waiting, words][-MOST_PROMPTS:]
        return True


def _typed(record: Record) -> str:
    """Return the words of a record in the user's role."""
    kind = text(record, "type")
    if kind in ("turn.prompt", "turn.steer"):
        return joined(record.get("input"))
    message = mapping(record, "message")
    is_user = kind == "context.append_message" and text(message, "role") == "user"
    return joined(message.get("content")) if is_user else ""


def _is_typed(record: Record) -> bool:
    """Tell by its origin whether the user typed it: reminders, notices and tasks for a subagent look the same."""
    origin = mapping(record, "origin") or mapping(record, "message", "origin")
    return text(origin, "kind") in ("", "user") or text(origin, "trigger") == "user-slash"


class CodeWire(Wire):
    def __init__(self, to: Transcript) -> None:
        super().__init__(to)
        self._prompts = _Prompts()
        self._told: list[Usage] = []
        self._diffs: dict[str, str] = {}

    def write(self, kept: Iterable[Kept]) -> None:
        """Write what happened. The records are counted already."""
        for kind, record in kept:
            event = mapping(record, "event")
            at = At(time=moment(record, "time") or "", raw=kind, group=_group(event))
            if handler := _HANDLERS.get(kind):
                handler(self, event or record, at)
            elif kind in _SILENT or kind.startswith(_SILENT_FAMILIES):
                self.to.out.ignore(kind)
            else:
                self.to.out.skip(kind)
        self.flush()
        self.to.facts.learn(model=self.model)

    def metadata(self, record: Record, at: At) -> None:
        self.to.facts.learn(created=moment(record, "created_at"))
        self.to.out.ignore(at.raw)

    def config(self, record: Record, at: At) -> None:
        cwd = text(record, "cwd") or text(mapping(record, "environmentDisclosure"), "cwd")
        self.to.facts.cwd = cwd or self.to.facts.cwd
        self.model = text(record, "modelAlias") or self.model
        self.to.out.ignore(at.raw)

    def request(self, record: Record, at: At) -> None:
        """Take the name of the model: that of the configuration is an alias."""
        self.model = text(record, "model") or self.model
        if provider_of(self.model) == "unknown":
            self.to.facts.learn(provider=text(record, "provider"))
        self.to.facts.learn(model=self.model)
        self.to.out.ignore(at.raw)

    def prompt(self, record: Record, at: At) -> None:
        """Take what the user typed, or what was put into the user's mouth. Logged as a prompt, then as a message."""
        self.flush()
        words = _typed(record)
        if not self._prompts.is_new(record):
            self.to.out.ignore(at.raw)
        elif _is_typed(record):
            self.to.user(words, at)
        else:
            self.to.system(words, at)

    def message(self, record: Record, at: At) -> None:
        message = mapping(record, "message")
        role, words = text(message, "role"), joined(message.get("content"))
        if role == "user":
            self.prompt(record, at)
        elif role == "assistant":
            self.step()
            self.part("text", words, at)
            self.flush()
            for call in objects(message, "toolCalls"):
                self.call(call, at)
        elif role == "tool":
            self.to.result(words, at, text(message, "toolCallId"))
        else:
            self.to.system(words, at)

    def border(self, event: Record, at: At) -> None:
        self.step()
        self.to.out.ignore(at.raw)

    def end(self, event: Record, at: At) -> None:
        """Take the end of a response, which tells its tokens."""
        usage = usage_of(mapping(event, "usage"))
        if usage:
            self._told = [*self._told, usage][-MOST_PROMPTS:]
        self.spend(usage, at, text(event, "uuid"))
        self.to.out.ignore(at.raw)

    def usage(self, record: Record, at: At) -> None:
        """Take the tokens of a response that had no end: of a compaction, or in an older log."""
        usage = usage_of(mapping(record, "usage"))
        self.to.facts.learn(model=self.model or text(record, "model"))
        if usage in self._told:
            self._told.remove(usage)
            self.to.out.ignore(at.raw)
        else:
            self.spend(usage, at)

    def content(self, event: Record, at: At) -> None:
        part = mapping(event, "part")
        kind = "think" if text(part, "type") == "think" else "text"
        self.part(kind, text(part, "think", "text") or joined([part]), at, text(event, "uuid"))

    def call(self, event: Record, at: At) -> None:
        self.flush()
        call_id, display = text(event, "toolCallId", "id"), mapping(event, "display")
        function = mapping(event, "function") or event
        self.to.call(text(function, "name", "toolName"), arguments_of(function), at, call_id)
        if isinstance(display.get("before"), str) and isinstance(display.get("after"), str):
            self._diffs[call_id] = unified(display["before"], display["after"])

    def result(self, event: Record, at: At) -> None:
        self.flush()
        told = mapping(event, "result") or event
        words = "\n".join(part for part in (joined(told.get("output")), text(told, "note")) if part)
        code = _EXIT_CODE(words[-200:])
        call_id = text(event, "toolCallId")
        self.to.result(
            words,
            at,
            call_id,
            is_error=told.get("isError") is True,
            exit_code=int(code[1]) if code else None,
            diff=self._diffs.pop(call_id, ""),
        )

    def cancel(self, record: Record, at: At) -> None:
        self.flush()
        self.to.custom("turn_aborted", "", at)

    def ended(self, record: Record, at: At) -> None:
        """Take the end of a turn. One that the user broke off was said to be so before."""
        self.flush()
        reason = text(record, "reason")
        if reason in ("", "completed", "cancelled", "canceled", "aborted"):
            self.to.out.ignore(at.raw)
        else:
            self.to.system(f"turn ended: {reason}", at)

    def compacted(self, record: Record, at: At) -> None:
        self.step()
        self.to.compacted(text(record, "summary"), at)

    def approval(self, record: Record, at: At) -> None:
        """Take what the user did not allow; what was allowed shows as it is done."""
        decision = text(mapping(record, "result"), "decision")
        if decision in ("", "approved"):
            self.to.out.ignore(at.raw)
        else:
            words = (text(record, "action"), decision, text(mapping(record, "result"), "feedback"))
            self.to.system(": ".join(part for part in words if part), at)

    def goal(self, record: Record, at: At) -> None:
        words = ": ".join(part for key in ("status", "objective", "reason") if (part := text(record, key)))
        if words:
            self.to.system(f"goal: {words}", at)
        else:
            self.to.out.ignore(at.raw)


def arguments_of(function: Record) -> Any:
    """Return the arguments of a call, which may be JSON text."""
    told = next((function[key] for key in ("args", "input", "arguments") if key in function), None)
    return unquoted(told)


def _group(event: Record) -> str:
    """Return the step that an event belongs to."""
    if not event:
        return ""
    if step := text(event, "uuid" if text(event, "type").startswith("step.") else "stepUuid"):
        return step
    turn = text(event, "turnId")
    return f"{turn}.{number(event, 'step') or 0}" if turn else ""


Handler = Callable[[CodeWire, Record, At], None]

_HANDLERS: Mapping[str, Handler] = {
    "metadata": CodeWire.metadata,
    "config.update": CodeWire.config,
    "profile.bind": CodeWire.config,
    "llm.request": CodeWire.request,
    "turn.prompt": CodeWire.prompt,
    "turn.steer": CodeWire.prompt,
    "context.append_message": CodeWire.message,
    "context.append_loop_event:step.begin": CodeWire.border,
    "context.append_loop_event:step.end": CodeWire.end,
    "context.append_loop_event:content.part": CodeWire.content,
    "context.append_loop_event:tool.call": CodeWire.call,
    "context.append_loop_event:tool.result": CodeWire.result,
    "usage.record": CodeWire.usage,
    "turn.cancel": CodeWire.cancel,
    "turn.ended": CodeWire.ended,
    "context.apply_compaction": CodeWire.compacted,
    "permission.record_approval_result": CodeWire.approval,
    "goal.create": CodeWire.goal,
    "goal.update": CodeWire.goal,
}
_SILENT = frozenset(
    {
        "context.append_loop_event:llm.request",
        "context.clear",
        "forked",
        "goal.clear",
        "llm.tools_snapshot",
        "mcp.tools_discovered",
        "micro_compaction.apply",
        "permission.set_mode",
        "plugin.session_start",
        "runtime.set_binding",
    }
)
_SILENT_FAMILIES = ("full_compaction.", "plan_mode.", "swarm_mode.", "tools.", "token_counting.")
