"""What the model was sent, `chat_history.jsonl`: items of a type; first, messages of a role as OpenAI has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from parsers.chatcalls import calls
from parsers.documents import spread
from parsers.fields import items, joined, mapping, text
from parsers.grok.tools import call, call_of_server, what_was_read
from parsers.transcript import At, Transcript

Record = dict[str, Any]

_QUERY, _QUERY_END = "<user_query>", "</user_query>"
_INJECTED = ("<user_info>", "<system-reminder>", "<background_context>")


def is_chat(record: Record) -> bool:
    """Tell whether a record is an item. Each kind has a field beside its type that tells it from others' records."""
    has = record.keys()
    match text(record, "type"):
        case "system":
            return isinstance(record.get("content"), str) and "role" not in has
        case "user":
            return "message" not in has and bool(items(record, "content"))
        case "assistant":
            return isinstance(record.get("content"), str) and not {"tool_calls", "model_id"}.isdisjoint(has)
        case "tool_result":
            return {"tool_call_id", "content"} <= has
        case "reasoning":
            return "summary" in has
        case "backend_tool_call":
            return "kind" in has
    return False


def is_old_chat(record: Record) -> bool:
    return text(record, "role") == "assistant" and "model_id" in record


def write_chat(records: list[Record], to: Transcript) -> None:
    """Write all items. They have no times, so those of the session are spread over them."""
    facts = to.facts
    for record, at in zip(records, spread(facts.created, facts.updated, len(records)), strict=True):
        kind = text(record, "type", "role") or "no type"
        to.out.record(kind, record)
        made = facts.made
        handler = HANDLERS.get(kind)
        if handler:
            handler(record, At(time=at.time, raw=kind, group=text(record, "id"), marks=at.marks), to)
        if facts.made == made:
            (to.out.ignore if handler else to.out.skip)(kind)


def _take_prompt(record: Record, at: At, to: Transcript) -> None:
    """Take what the user typed, also while the agent was at work. All else was put in by Grok."""
    words = joined(record.get("content") or "")
    _, opened, rest = words.partition(_QUERY)
    query, closed, more = rest.partition(_QUERY_END)
    if opened and closed:
        words = f"{query.strip()}{more}"
    is_injected = text(record, "synthetic_reason") not in ("", "interjection") or words.lstrip().startswith(_INJECTED)
    (to.system if is_injected else to.user)(words, at)


def _take_thought(record: Record, at: At, to: Transcript) -> None:
    to.thinking(joined(items(record, "summary")) or joined(items(record, "content")), at, text(record, "id"))


def _take_answer(record: Record, at: At, to: Transcript) -> None:
    to.thinking(text(record, "reasoning_content"), at)
    to.agent(joined(record.get("content") or ""), at, model=text(record, "model_id"))
    for each in calls(record):
        call(each.name, each.arguments, at, to, each.id)


def _take_result(record: Record, at: At, to: Transcript) -> None:
    words = "\n".join(part for part in (joined(record.get("content") or ""), joined(items(record, "images"))) if part)
    call_id = text(record, "tool_call_id")
    to.result(words, at, call_id, content=what_was_read(words, call_id, to))


def _take_backend_call(record: Record, at: At, to: Transcript) -> None:
    call_of_server(mapping(record, "kind"), at, to)


def _take_instructions(record: Record, at: At, to: Transcript) -> None:
    """Take the instructions of Grok itself: they are the same in each session and say nothing of it."""


HANDLERS: Mapping[str, Callable[[Record, At, Transcript], None]] = {
    "system": _take_instructions,
    "user": _take_prompt,
    "reasoning": _take_thought,
    "assistant": _take_answer,
    "tool_result": _take_result,
    "tool": _take_result,
    "backend_tool_call": _take_backend_call,
}
