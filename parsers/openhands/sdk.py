"""The events of OpenHands since its agent is an SDK: `kind` says what they are (`spec/parsers.md` 2.19)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from parsers.diffs import unified
from parsers.fields import decoded, joined, mapping, moment, number, objects, text
from parsers.transcript import At, Transcript

Record = dict[str, Any]

SCHEMA = "openhands-events-v1"
ENDED = ("completed", "failed")


def kind_of(record: Record) -> str:
    return text(record, "kind") or "no kind"


class Conversation:
    """Writes the events of a conversation."""

    def __init__(self, to: Transcript) -> None:
        self.to = to
        self._told: set[str] = set()
        self._last_of: dict[str, int] = {}

    def write(self, events: Iterable[Record]) -> None:
        """Write what happened, and count the events."""
        every = list(events)
        for place, event in enumerate(every):
            if kind_of(event) == "ACPToolCallEvent":
                self._last_of[text(event, "tool_call_id")] = place
        for place, event in enumerate(every):
            self._take(event, place)

    def _take(self, event: Record, place: int) -> None:
        kind = kind_of(event)
        self.to.out.record(kind, event)
        made = self.to.facts.made
        at = At(time=moment(event, "timestamp") or "", raw=kind, group=text(event, "llm_response_id"))
        if kind == "ACPToolCallEvent" and self._last_of.get(text(event, "tool_call_id")) != place:
            self.to.out.ignore(kind)
        elif handler := _HANDLERS.get(kind):
            handler(self, event, at)
            if self.to.facts.made == made:
                self.to.out.ignore(kind)
        else:
            (self.to.out.ignore if kind in _SILENT else self.to.out.skip)(kind)

    def message(self, event: Record, at: At) -> None:
        told, native = mapping(event, "llm_message"), text(event, "id")
        words = _words(told.get("content"))
        if text(event, "source") == "user":
            self.to.user(words, at, native)
        elif text(event, "source") == "agent":
            self._reasoning(told, at, native)
            self.to.agent(words, at, native)
        else:
            self.to.system(words, at, native)
        self.to.system(_words(event.get("extended_content")), at, f"{native}-extended")

    def action(self, event: Record, at: At) -> None:
        """Take what the agent did, and what it said to it. To finish or to think is no use of a tool."""
        native, action = text(event, "id"), mapping(event, "action")
        self._reasoning(event, at, native)
        self.to.agent(_words(event.get("thought")), at, f"{native}-text")
        name, call_id = text(event, "tool_name"), text(event, "tool_call_id") or native
        if name in ("finish", "think"):
            self._told.add(call_id)
            write = self.to.agent if name == "finish" else self.to.thinking
            write(text(action, "message", "thought"), at, native)
        else:
            self.to.call(name, _arguments(event), at, call_id)

    def observation(self, event: Record, at: At) -> None:
        told = mapping(event, "observation")
        call_id = text(event, "tool_call_id") or text(event, "action_id")
        if call_id in self._told:
            return
        code = number(told, "exit_code")
        code = number(mapping(told, "metadata"), "exit_code") if code is None else code
        old, new = told.get("old_content"), told.get("new_content")
        self.to.result(
            _words(told.get("content")) or text(told, "output", "error"),
            at,
            call_id,
            is_error=told.get("is_error") is True,
            exit_code=code if code is not None and code >= 0 else None,
            diff=unified(old, new) if isinstance(old, str) and isinstance(new, str) else "",
        )

    def failure(self, event: Record, at: At) -> None:
        """Take an error: that of a call is its result."""
        words = text(event, "rejection_reason", "error", "detail", "message") or text(event, "code")
        call_id = text(event, "tool_call_id")
        if call_id:
            self.to.result(words, at, call_id, name=text(event, "tool_name"), is_error=True)
        else:
            self.to.system(f"error: {words}" if words else "error", at, text(event, "id"))

    def condensation(self, event: Record, at: At) -> None:
        self.to.compacted(text(event, "summary"), at, text(event, "id"))

    def interrupted(self, event: Record, at: At) -> None:
        self.to.custom("turn_aborted", text(event, "reason"), at, text(event, "id"))

    def foreign_call(self, event: Record, at: At) -> None:
        """Take a call of another agent that OpenHands drives, in its last state."""
        call_id, status = text(event, "tool_call_id"), text(event, "status")
        self.to.call(text(event, "title", "tool_kind"), event.get("raw_input"), at, call_id)
        if status in ENDED or event.get("is_error") is True:
            words = _words(event.get("content")) or _plain(event.get("raw_output"))
            self.to.result(words, at, call_id, is_error=event.get("is_error") is True or status == "failed")

    def hook(self, event: Record, at: At) -> None:
        keys = ("hook_event_type", "hook_command", "tool_name", "reason", "stdout", "stderr", "error")
        words = ": ".join(part for key in keys if (part := text(event, key).strip()))
        self.to.system(f"hook blocked: {words}" if event.get("blocked") is True else words, at, text(event, "id"))

    def _reasoning(self, told: Record, at: At, native: str) -> None:
        blocks = [text(block, "thinking") for block in objects(told, "thinking_blocks")]
        words = text(told, "reasoning_content") or "\n".join(block for block in blocks if block)
        self.to.thinking(words, at, f"{native}-thinking")


def _words(content: Any) -> str:
    """Return the words of a message; a picture stands in a list of addresses."""
    parts = content if isinstance(content, list) else [content]
    return joined([block for part in parts for block in _blocks(part)])


def _blocks(part: Any) -> list[Any]:
    urls = part.get("image_urls") if isinstance(part, dict) else None
    if not isinstance(urls, list):
        return [part]
    return [{"type": "image", "source": {"url": url}} for url in urls]


def _arguments(event: Record) -> Any:
    """Return the arguments as the model gave them, else those of the action that was made of them."""
    call = mapping(event, "tool_call")
    told = mapping(call, "function").get("arguments", call.get("arguments"))
    given = decoded(told) if isinstance(told, str) else told
    action = {key: value for key, value in mapping(event, "action").items() if key != "kind" and value is not None}
    return given if isinstance(given, dict) and given else action


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


_HANDLERS: Mapping[str, Callable[[Conversation, Record, At], None]] = {
    "MessageEvent": Conversation.message,
    "ActionEvent": Conversation.action,
    "ObservationEvent": Conversation.observation,
    "UserRejectObservation": Conversation.failure,
    "AgentErrorEvent": Conversation.failure,
    "ConversationErrorEvent": Conversation.failure,
    "Condensation": Conversation.condensation,
    "CondensationSummaryEvent": Conversation.condensation,
    "InterruptEvent": Conversation.interrupted,
    "ACPToolCallEvent": Conversation.foreign_call,
    "HookExecutionEvent": Conversation.hook,
}
_SILENT = frozenset(
    {
        "SystemPromptEvent",
        "ConversationStateUpdateEvent",
        "CondensationRequest",
        "PauseEvent",
        "TokenEvent",
        "LLMCompletionLogEvent",
        "StreamingDeltaEvent",
    }
)
