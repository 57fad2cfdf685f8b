"""What was said in DeepSeek Harness, and the facts of the session."""

from __future__ import annotations

from typing import Any

from parsers.deepseek_harness.progress import (
    Progress,
    flush,
    forget,
    hear,
    hear_all,
    id_of,
    learn_model,
    place_of,
    usage_of,
)
from parsers.fields import joined, mapping, moment, number, objects, text
from parsers.transcript import At, Transcript


def header(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    state.learn(
        session_id=text(event, "id"),
        cwd=text(event, "cwd"),
        created=moment(event, "createdAt") or "",
        parent_session_id=text(event, "parentSession"),
    )
    state.is_seed = event.get("isSeeded") is True or (number(event, "seedLength") or 0) > 0
    if preset := text(event, "agentPreset"):
        state.attributes["agent_preset"] = preset
    to.out.ignore(at.raw)


def end_seed(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    state.is_seed = False
    to.out.ignore(at.raw)


def title(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    """Take a title that was given. The fallback is the first words of the prompt, which are known already."""
    data = mapping(event, "data")
    if text(mapping(data, "source"), "kind") != "fallback":
        state.title = text(data, "title") or state.title
    to.out.ignore(at.raw)


def descriptor(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    state.learn(title=text(mapping(event, "data"), "label"))
    to.out.ignore(at.raw)


def request(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    data = mapping(event, "data")
    learn_model(state, mapping(data, "header", "config") or data)
    to.out.ignore(at.raw)


def user(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    """Take a message in the user's role: only some were typed, others come from plugins, hooks and subagents."""
    data = mapping(event, "data")
    message = mapping(data, "message") or data
    source = mapping(message, "source") or mapping(data, "source")
    words, native = joined(message.get("content")), id_of(event, message)
    if text(source, "kind") in ("user", "") and at.raw == "user/message":
        to.user(words, at, native)
    elif text(source, "plugin", "kind") in ("compact", "compact-checkpoint"):
        to.out.ignore(at.raw)
    else:
        to.system(words, at, native)


def agent(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    """Take what the model said. Its calls follow as events of their own."""
    data = mapping(event, "data")
    message = mapping(data, "message") or data
    model = learn_model(state, mapping(message, "source") or mapping(data, "provenance"))
    hear_all(data, state)
    usage, native = usage_of(mapping(data, "usage")) or state.unpaid, id_of(event, message)
    state.paid = at.group if usage else state.paid
    forget(state)
    for block in objects(message, "content"):
        if text(block, "type") == "reasoning":
            to.thinking(text(block, "text"), at, f"{native}-thinking")
        elif text(block, "type") != "tool-call" and to.agent(joined([block]), at, f"{native}-text", usage, model):
            usage = None
    if usage:
        to.tokens(usage, at, f"{native}-tokens")


def attempt(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    """Take a response that failed or was broken off."""
    hear_all(mapping(event, "data"), state)
    flush(at, to, state, id_of(event, {}))


def chunk(event: dict[str, Any], kind: str, to: Transcript, state: Progress) -> None:
    """Take what was streamed. Most lines are of this kind and give no event, so the place of it is told late."""
    data = mapping(event, "data")
    hear(data, kind, state)
    if "chunk" in data and text(mapping(data["chunk"], "reason"), "kind") == "error":
        flush(place_of(event, kind), to, state, id_of(event, {}))
    to.out.ignore(kind)


def border(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    """Take the start or end of a step. What was streamed before it and became no message never will."""
    flush(at, to, state, id_of(event, {}))
    to.out.ignore(at.raw)


def turn_end(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    data, native = mapping(event, "data"), id_of(event, {})
    flush(at, to, state, native)
    reason = mapping(data, "reason")
    kind = text(reason, "kind")
    words = text(reason, "message") or text(mapping(reason, "error"), "message") or text(data, "error")
    if kind in ("aborted", "interrupted"):
        to.custom("turn_aborted", "", at, native)
    elif words or kind not in ("completed", ""):
        to.system(": ".join(part for part in ("turn ended", kind, words) if part), at, native)
    else:
        to.out.ignore(at.raw)


def late_usage(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    """Take the tokens of a step whose message did not tell them."""
    usage = usage_of(mapping(event, "data", "usage"))
    if usage and state.paid != at.group:
        state.paid = at.group
        to.tokens(usage, at, id_of(event, {}))
    else:
        to.out.ignore(at.raw)


def compacted(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    data = mapping(event, "data")
    usage = usage_of(mapping(data, "usage"))
    words = joined(data.get("summary")) or "context compacted"
    to.custom("context_compacted", words, at, id_of(event, {}), usage.attributes() if usage else None)


def failure(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    data = mapping(event, "data")
    to.system(f"error: {text(data, 'message') or text(mapping(data, 'failure'), 'message')}", at, id_of(event, {}))


def command(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    data = mapping(event, "data")
    to.user(f"/{text(data, 'name')} {text(data, 'args').strip()}", at, id_of(event, {}))


def command_done(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    to.system(text(mapping(event, "data"), "text"), at, id_of(event, {}))
