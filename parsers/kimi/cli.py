"""The wire of kimi-cli, the first generation, and the context that it keeps beside it (`spec/parsers.md` 2.14)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from parsers.diffs import unified
from parsers.fields import joined, mapping, moment, objects, text
from parsers.kimi.code import arguments_of
from parsers.kimi.wire import Wire, usage_of
from parsers.transcript import At, Transcript

Record = dict[str, Any]

MOST_NESTED = 8
"""Subagents inside of each other that are looked through."""

_EXIT_CODE = re.compile(r"exit code: (-?[0-9]{1,9})\b").search


def kind_of(record: Record) -> str:
    """Return the type of a message, with that of what a subagent did behind a colon."""
    message = mapping(record, "message")
    kind = text(message, "type") or text(record, "type") or text(record, "role") or "no type"
    inner = text(_inner(message)[1], "type")
    return f"{kind}:{inner}" if kind == "SubagentEvent" else kind


def says_something(records: Iterable[Record]) -> bool:
    """Tell whether a wire holds any words, and not only the names of what happened."""
    payloads = (mapping(record, "message", "payload") for record in records)
    return any(not {"user_input", "text", "think"}.isdisjoint(payload) for payload in payloads)


class CliWire(Wire):
    """Writes the messages of an agent; `lanes` are those of its subagents, by the call that started them."""

    def __init__(self, to: Transcript) -> None:
        super().__init__(to)
        self._calls: dict[str, str] = {}
        self._held: tuple[str, str, list[str], At] | None = None
        self._lanes: dict[str, CliWire] = {}

    def write(self, records: Iterable[Record]) -> None:
        """Write what happened, and count the records."""
        for record in records:
            self.to.out.record(kind_of(record), record)
            self.take(mapping(record, "message") or record, moment(record, "timestamp") or "", kind_of(record))
        for task in list(self._lanes):
            self._end(task, At())
        self.flush()

    def take(self, message: Record, time: str, raw: str) -> None:
        """Say what a message means."""
        kind, payload = text(message, "type"), mapping(message, "payload")
        if kind == "SubagentEvent":
            self._subagent(message, time, raw)
        elif handler := _HANDLERS.get(kind):
            handler(self, payload, At(time=time, raw=raw))
            if usage := usage_of(mapping(message, "usage")):
                self.spend(usage, At(time=time, raw=raw))
        else:
            (self.to.out.ignore if kind in _SILENT else self.to.out.skip)(raw)

    def flush(self) -> None:
        """Write the message or the call that was told in parts."""
        super().flush()
        if self._held:
            (call_id, name, parts, at), self._held = self._held, None
            self.to.call(name, arguments_of({"arguments": "".join(parts)}), at, call_id)

    def turn(self, payload: Record, at: At) -> None:
        self.step()
        if words := joined(payload.get("user_input")):
            self.to.user(words, at)
        else:
            self.to.out.ignore(at.raw)

    def begin(self, payload: Record, at: At) -> None:
        self.step()
        self.to.out.ignore(at.raw)

    def content(self, payload: Record, at: At) -> None:
        kind = "think" if "think" in payload else "text"
        self.part(kind, text(payload, "think", "text") or joined([payload]), at)

    def call(self, payload: Record, at: At) -> None:
        """Hold a call until its last part has come."""
        self.flush()
        function = mapping(payload, "function")
        call_id, arguments = text(payload, "id"), function.get("arguments")
        self._calls[call_id] = text(mapping(arguments_of(function)), "description")
        if isinstance(arguments, str) or arguments is None:
            self._held = (call_id, text(function, "name"), [arguments or ""], at)
        else:
            self.to.call(text(function, "name"), arguments, at, call_id)

    def call_part(self, payload: Record, at: At) -> None:
        part = payload.get("arguments_part")
        if self._held and isinstance(part, str):
            self._held[2].append(part)
        self.to.out.ignore(at.raw)

    def result(self, payload: Record, at: At) -> None:
        self.flush()
        call_id, told = text(payload, "tool_call_id"), payload.get("return_value")
        value = mapping(told)
        words = "\n".join(part for part in (joined(value.get("output") or ""), text(value, "message")) if part)
        code = _EXIT_CODE(words[-200:])
        if call_id in self._lanes:
            self._end(call_id, at)
        self.to.result(
            words or joined(told or ""),
            at,
            call_id,
            is_error=value.get("is_error") is True,
            exit_code=int(code[1]) if code else None,
            diff="".join(_diff(block) for block in objects(value, "display")),
        )

    def status(self, payload: Record, at: At) -> None:
        if usage := usage_of(mapping(payload, "token_usage")):
            self.spend(usage, at)
        else:
            self.to.out.ignore(at.raw)

    def interrupted(self, payload: Record, at: At) -> None:
        self.step()
        self.to.custom("turn_aborted", "", at)

    def compacted(self, payload: Record, at: At) -> None:
        self.step()
        self.to.compacted("", at)

    def notice(self, payload: Record, at: At) -> None:
        """Take what was shown to the user, or asked and answered."""
        self.flush()
        asked = [text(question, "question") for question in objects(payload, "questions")]
        keys = ("title", "action", "description", "body", "content", "response", "feedback")
        words = ": ".join(part for part in (*(text(payload, key) for key in keys), *asked) if part)
        if words:
            self.to.system(words, at)
        else:
            self.to.out.ignore(at.raw)

    def _subagent(self, message: Record, time: str, raw: str) -> None:
        """Give what a subagent did to its lane."""
        task, event = _inner(message)
        if text(event, "type") == "SubagentEvent":
            self.to.out.skip(raw)
            return
        if task not in self._lanes:
            self.flush()
            at = At(time=time, raw=raw)
            lane = CliWire(self.to.lane(task))
            title = self._calls.get(task) or text(mapping(message, "payload"), "subagent_type")
            self.to.task_start(task, title, at, f"{task}-start")
            self._lanes[task] = lane
        self._lanes[task].take(event, time, raw)

    def _end(self, task: str, at: At) -> None:
        self._lanes.pop(task).flush()
        self.to.task_end(task, "", at, f"{task}-end")


def _inner(message: Record) -> tuple[str, Record]:
    """Return the call that started a subagent and what it did, of the innermost one where they are nested."""
    task = ""
    for _ in range(MOST_NESTED):
        if text(message, "type") != "SubagentEvent":
            break
        payload = mapping(message, "payload")
        task = text(payload, "parent_tool_call_id", "task_tool_call_id", "agent_id") or task
        message = mapping(payload, "event")
    return task or "subagent", message


def _diff(block: Record) -> str:
    old, new = block.get("old_text"), block.get("new_text")
    return unified(old, new) if isinstance(old, str) and isinstance(new, str) else ""


def write_context(records: Iterable[Record], to: Transcript) -> None:
    """Write the messages that the model was given, and count them. They have no times."""
    for record in records:
        role = text(record, "role") or "no role"
        to.out.record(role, record)
        _context_message(record, role, At(raw=role), to)


def _context_message(record: Record, role: str, at: At, to: Transcript) -> None:
    content = record.get("content")
    if role == "user":
        to.user(joined(content), at)
    elif role == "assistant":
        thoughts = [text(part, "think") for part in objects(record, "content")]
        to.thinking("\n".join(thought for thought in thoughts if thought), at)
        to.agent(joined(content), at)
        for call in objects(record, "tool_calls"):
            to.call(
                text(mapping(call, "function"), "name"), arguments_of(mapping(call, "function")), at, text(call, "id")
            )
    elif role == "tool":
        words = joined(content)
        to.result(words, at, text(record, "tool_call_id"), is_error=words.startswith("<system>ERROR"))
    elif role == "system":
        to.system(joined(content), at)
    else:
        (to.out.ignore if role.startswith("_") else to.out.skip)(role)


Handler = Callable[[CliWire, Record, At], None]

_HANDLERS: Mapping[str, Handler] = {
    "TurnBegin": CliWire.turn,
    "SteerInput": CliWire.turn,
    "StepBegin": CliWire.begin,
    "TurnEnd": CliWire.begin,
    **dict.fromkeys(
        ("ContentPart", "TextPart", "ThinkPart", "ImageURLPart", "AudioURLPart", "VideoURLPart"), CliWire.content
    ),
    "ToolCall": CliWire.call,
    "ToolCallPart": CliWire.call_part,
    "ToolResult": CliWire.result,
    "StatusUpdate": CliWire.status,
    "StepInterrupted": CliWire.interrupted,
    "CompactionEnd": CliWire.compacted,
    **dict.fromkeys(
        (
            "ApprovalRequest",
            "ApprovalResponse",
            "ApprovalRequestResolved",
            "QuestionRequest",
            "QuestionResponse",
            "Notification",
            "PlanDisplay",
        ),
        CliWire.notice,
    ),
}
_SILENT = frozenset(
    {
        "metadata",
        "hello",
        "StepRetry",
        "CompactionBegin",
        "HookTriggered",
        "HookResolved",
        "BtwBegin",
        "BtwEnd",
        "MCPLoadingBegin",
        "MCPLoadingEnd",
    }
)
