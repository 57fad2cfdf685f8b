"""A conversation of the first CLI: a document of pairs, of what was sent to the model and what came back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from parsers.common import strip_reminders
from parsers.documents import OneThread, load_object
from parsers.fields import items, mapping, moment, number, objects, text
from parsers.kiro import tools
from parsers.transcript import At, Transcript, Usage

Record = dict[str, Any]


class Conversation(OneThread):
    tool, schema = "kiro", "kiro-conversation-v1"

    def fill(self, path: Path, to: Transcript) -> None:
        write(load_object(path), to)


def write(conversation: Record, to: Transcript) -> None:
    """Say what stands in a conversation. What came before a summary is not in it any more."""
    to.facts.learn(
        session_id=text(conversation, "conversation_id"),
        model=tools.model_of(conversation) or text(conversation, "model"),
    )
    summary = conversation.get("latest_summary")
    if words := summary if isinstance(summary, str) else "".join(part for part in _parts(summary) if part):
        marks = {"timestamp.estimated": True}
        to.compacted(words, At(time=_first(conversation), raw="latest_summary", marks=marks))
    for pair in items(conversation, "history"):
        _pair(pair, to)
    if pending := mapping(conversation, "next_message"):
        _count(pending, "user", to)
        _user(pending, {}, to)


def _parts(summary: Any) -> list[str]:
    return [part for part in summary if isinstance(part, str)] if isinstance(summary, list) else []


def _first(conversation: Record) -> str:
    """Return when the first of what is left was said."""
    users = (mapping(_named(pair), "user") for pair in items(conversation, "history"))
    return next((time for user in users if (time := moment(user, "timestamp"))), "")


def _named(pair: Any) -> Any:
    """Return a pair by the names of its two: in older versions it is a list."""
    return dict(zip(("user", "assistant"), pair, strict=False)) if isinstance(pair, list) else pair


def _pair(pair: Any, to: Transcript) -> None:
    told = _named(pair)
    user, answer, about = (mapping(told, name) for name in ("user", "assistant", "request_metadata"))
    if not user and not answer:
        to.out.record("no pair")
        to.out.skip("no pair")
    if user:
        _count(user, "user", to)
        _user(user, about, to)
    if answer:
        kind = next((kind for kind in ("Response", "ToolUse") if isinstance(answer.get(kind), dict)), "")
        to.out.record(f"assistant:{kind or 'unknown'}", answer)
        if kind:
            _answer(kind, mapping(answer, kind), about, to)
        else:
            to.out.skip("assistant:unknown")


def _count(user: Record, role: str, to: Transcript) -> None:
    to.out.record(f"{role}:{_kind(user) or 'unknown'}", user)


def _kind(user: Record) -> str:
    content = mapping(user, "content")
    return next((kind for kind in ("Prompt", "ToolUseResults", "CancelledToolUses") if kind in content), "")


def _user(user: Record, about: Record, to: Transcript) -> None:
    """Read what was sent: what the user typed, what tools gave back, or both where calls were cancelled."""
    kind = _kind(user)
    time = moment(user, "timestamp") or moment(about, "request_start_timestamp_ms") or ""
    at = At(time=time, raw=f"user:{kind}", group=text(about, "request_id"))
    to.facts.learn(cwd=text(mapping(user, "env_context", "env_state"), "current_working_directory"))
    if not kind:
        to.out.skip("user:unknown")
        return
    value = mapping(user, "content").get(kind)
    results = objects(value, "tool_use_results") if isinstance(value, dict) else objects({"all": value}, "all")
    for result in results:
        told = tools.result(result.get("content"))
        failed = text(result, "status").lower() == "error"
        to.result(told.words, at, text(result, "tool_use_id"), is_error=failed, exit_code=told.exit_code)
    to.system(text(user, "additional_context"), at)
    prompt = value if isinstance(value, str) else text(value, "prompt")
    to.facts.learn(said=strip_reminders(prompt))
    to.user("\n".join(filter(None, (prompt, tools.images(user)))), at)


def _answer(kind: str, answer: Record, about: Record, to: Transcript) -> None:
    group = text(answer, "message_id")
    time = moment(about, "stream_end_timestamp_ms", "request_start_timestamp_ms") or ""
    at = At(time=time, raw=f"assistant:{kind}", group=group)
    model, usage = text(about, "model_id"), _usage(about)
    model = "" if model == "auto" else model
    if not to.agent(text(answer, "content"), at, group, usage, model):
        to.tokens(usage, at)
    for use in objects(answer, "tool_uses"):
        name, given = text(use, "name", "orig_name"), tools.arguments(use.get("args"))
        to.call(name, given, at, text(use, "id"), action=tools.action(name, given))


def _usage(about: Record) -> Usage:
    return Usage(
        input_tokens=max(0, number(about, "uncached_input_tokens") or 0),
        output_tokens=max(0, number(about, "output_tokens") or 0),
        cache_read_tokens=max(0, number(about, "cache_read_input_tokens") or 0),
        cache_write_tokens=max(0, number(about, "cache_write_input_tokens") or 0),
    )
