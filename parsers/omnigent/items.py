"""The items of a conversation of Omnigent: what each kind of them means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from opensession.hail.actions import Action
from parsers.fields import decoded, joined, mapping, number, objects, text, unquoted
from parsers.toolcalls import usual
from parsers.transcript import At, Transcript

Record = dict[str, Any]

KINDS: Mapping[int, str] = dict(
    enumerate(
        (
            "message",
            "function_call",
            "function_call_output",
            "reasoning",
            "error",
            "compaction",
            "native_tool",
            "resource_event",
            "routing_decision",
            "slash_command",
            "terminal_command",
        ),
        1,
    )
)
"""Kinds by the numbers that stand for them in newer databases."""

ALIASES: Mapping[str, str] = {
    "sys_os_shell": "bash",
    "sys_os_read": "read_file",
    "sys_os_write": "write_file",
    "sys_os_edit": "edit_file",
}
"""What Omnigent's own tools are called elsewhere. Those of the agents under it keep their names."""


class _Shape(NamedTuple):
    """Which keys an item of a kind has, and which words can stand in one of its fields."""

    kind: str
    needed: frozenset[str]
    allowed: frozenset[str]
    field: str = ""
    words: frozenset[str] = frozenset()

    def fits(self, item: Record) -> bool:
        is_told = not self.field or text(item, self.field) in self.words
        return self.needed <= item.keys() - _ENVELOPE <= self.allowed and is_told


def _shape(kind: str, needed: str, also: str = "", field: str = "", words: str = "") -> _Shape:
    return _Shape(
        kind, frozenset(needed.split()), frozenset(f"{needed} {also}".split()), field, frozenset(words.split())
    )


_ENVELOPE = frozenset({"id", "type", "status", "response_id", "created_at", "created_by"})
_SHAPES = (
    _shape("message", "role content", "agent model is_meta interrupted", "role", "user assistant"),
    _shape("function_call", "name arguments call_id", "agent model"),
    _shape("function_call_output", "call_id output"),
    _shape("reasoning", "summary", "agent model content encrypted_content"),
    _shape("compaction", "summary last_item_id token_count", "model compacted_messages window_id"),
    _shape("error", "source code message", "level", "source", "llm execution tool harness"),
    _shape(
        "routing_decision",
        "model applied rationale",
        "agent harness scope decision_id raw_model attempted_override router_source",
    ),
    _shape("slash_command", "kind name arguments", "agent model output", "kind", "skill command"),
    _shape("terminal_command", "kind input", "stdout stderr", "kind", "input"),
    _shape("terminal_command", "kind stdout", "input stderr", "kind", "output"),
    _shape("resource_event", "event_type resource_id resource_type", "resource"),
)
_BLOCKS = frozenset({"input_text", "output_text", "input_image", "input_file", "summary_text"})


def kind_of(item: Record) -> str:
    """Return of which kind an item is, told by its keys and what stands in them; empty when it is none."""
    kind = next((shape.kind for shape in _SHAPES if shape.fits(item)), "")
    if kind not in ("message", "reasoning"):
        return kind
    blocks = objects(item, "content" if kind == "message" else "summary")
    return kind if blocks and all(text(block, "type") in _BLOCKS for block in blocks) else ""


class Conversation:
    """Writes the items of one conversation."""

    def __init__(self, to: Transcript) -> None:
        self.to = to

    def take(self, kind: str, item: Record, at: At, native: str) -> None:
        """Write what an item means; one of an unknown kind is counted."""
        if handler := _HANDLERS.get(kind):
            handler(self, item, at, native)
        else:
            (self.to.out.ignore if kind in _SILENT else self.to.out.skip)(kind)

    def message(self, item: Record, at: At, native: str) -> None:
        """Take a message. What is meta was put in for the agent, and is hidden from the user."""
        words = joined([_shown(block) for block in objects(item, "content")])
        if item.get("is_meta") is True:
            self.to.system(words, at, native)
        elif text(item, "role") == "user":
            self.to.user(words, at, native)
        elif text(item, "role") == "assistant":
            self.to.agent(words, at, native)
        else:
            self.to.out.skip(f"role:{text(item, 'role') or 'none'}")
        if item.get("interrupted") is True:
            self.to.custom("turn_aborted", "", at, f"{native}-end")

    def call(self, item: Record, at: At, native: str) -> None:
        name, arguments = text(item, "name"), unquoted(item.get("arguments"))
        self.to.call(name, arguments, at, text(item, "call_id"), action=_action(name, arguments))

    def result(self, item: Record, at: At, native: str) -> None:
        words = joined(item.get("output"))
        told = mapping(decoded(words)) if words.startswith("{") else {}
        if call := self.to.facts.calls.get(text(item, "call_id")):
            told = told if call.name in ALIASES else {}
        failure = text(told, "error")
        self.to.result(
            "\n".join(filter(None, (text(told, "stdout", "content"), text(told, "stderr"), failure))) or words,
            at,
            text(item, "call_id"),
            is_error=bool(failure),
            exit_code=number(told, "exit_code"),
        )

    def reasoning(self, item: Record, at: At, native: str) -> None:
        """Take a thought. Where it is kept in full, its summary says nothing more."""
        self.to.thinking(joined(item.get("content") or []) or joined(item.get("summary") or []), at, native)

    def error(self, item: Record, at: At, native: str) -> None:
        words = ": ".join(filter(None, (text(item, "code"), text(item, "message"))))
        self.to.system(words if text(item, "level") == "info" else f"error: {words}", at, native)

    def compaction(self, item: Record, at: At, native: str) -> None:
        self.to.compacted(text(item, "summary"), at, native)

    def native_tool(self, item: Record, at: At, native: str) -> None:
        """Take a call that the maker of the model ran on its own side."""
        call = mapping(item, "item")
        name = text(call, "type").removesuffix("_call")
        self.to.call(name, call.get("action", call.get("arguments")), at, text(call, "id") or native)

    def routing(self, item: Record, at: At, native: str) -> None:
        """Take which model the router chose, in whose place it may only have advised."""
        model = text(item, "model")
        if item.get("applied") is True:
            self.to.facts.learn(model=model)
        verb = "routed to" if item.get("applied") is True else "would have routed to"
        self.to.custom("routing_decision", f"{verb} {model}: {text(item, 'rationale')}", at, native)

    def slash_command(self, item: Record, at: At, native: str) -> None:
        words = f"/{text(item, 'name')} {text(item, 'arguments')}".strip()
        self.to.system("\n".join(filter(None, (words, text(item, "output")))), at, native)

    def terminal_command(self, item: Record, at: At, native: str) -> None:
        """Take what the user ran in the terminal of an agent, past it."""
        parts = (text(item, "stdout"), text(item, "stderr"))
        command = text(item, "input")
        self.to.system(f"! {command}" if command else "\n".join(filter(None, parts)), at, native)


def _shown(block: Record) -> Record:
    """Return a block; a picture's address stands where it does in the blocks of most others."""
    address = text(block, "image_url", "file_url", "file_data")
    return block | {"url": address} if address else block


def _action(name: str, arguments: Any) -> Action | None:
    return usual(ALIASES[name], arguments) if name in ALIASES else None


_SILENT = frozenset({"resource_event"})
_HANDLERS: Mapping[str, Callable[[Conversation, Record, At, str], None]] = {
    "message": Conversation.message,
    "function_call": Conversation.call,
    "function_call_output": Conversation.result,
    "reasoning": Conversation.reasoning,
    "error": Conversation.error,
    "compaction": Conversation.compaction,
    "native_tool": Conversation.native_tool,
    "routing_decision": Conversation.routing,
    "slash_command": Conversation.slash_command,
    "terminal_command": Conversation.terminal_command,
}
