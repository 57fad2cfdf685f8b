"""What is remembered between the lines of DeepSeek Harness, and how its stream is told without its message."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import field

from parsers.fields import items, mapping, number, text
from parsers.models import provider_of
from parsers.transcript import At, Facts, Transcript, Usage

MOST_HEARD = 1 << 18
"""Characters of a stream that are kept until the message comes that they are part of."""


class Progress(Facts):
    """What must be known from one line to the next.

    `is_seed` while the events are copies of the parent's; `said_so_far` and `thought` are what was streamed since the
    last message (`heard` characters of it), `unpaid` its tokens; `paid` is the step whose tokens were told last.
    """

    is_seed: bool = False
    said_so_far: list[str] = field(default_factory=list)
    thought: list[str] = field(default_factory=list)
    heard: int = 0
    unpaid: Usage | None = None
    paid: str = ""
    numbers: dict[int, str] = field(default_factory=dict)


def hear(stream: Iterable[dict[str, Any]], state: Progress) -> None:
    """Keep what was streamed: single chunks, or runs of them."""
    for record in stream:
        chunk = mapping(record, "chunk")
        kind, pieces = text(chunk, "type") or text(record, "type"), items(record, "texts") or [chunk.get("text")]
        heard = {"reasoning": state.thought, "text": state.said_so_far}.get(kind.partition("-")[0])
        words = "".join(piece for piece in pieces if isinstance(piece, str))[: MOST_HEARD - state.heard]
        if heard is not None and words:
            heard.append(words)
            state.heard += len(words)
        state.unpaid = usage_of(mapping(chunk, "usage")) or state.unpaid


def flush(at: At, to: Transcript, state: Progress, native: str) -> None:
    """Write what was streamed and became no message: the turn was broken off, or the provider failed."""
    if not (state.thought or state.said_so_far or state.unpaid):
        return
    broken = At(time=at.time, raw=at.raw, group=at.group, marks={"is_partial": True})
    usage = state.unpaid
    to.thinking("".join(state.thought), broken, f"{native}-thinking")
    if not to.agent("".join(state.said_so_far), broken, f"{native}-text", usage) and usage:
        to.tokens(usage, at, f"{native}-tokens")
    state.paid = at.group if usage else state.paid
    forget(state)


def forget(state: Progress) -> None:
    state.said_so_far, state.thought, state.heard, state.unpaid = [], [], 0, None


def usage_of(told: dict[str, Any]) -> Usage | None:
    usage = Usage(
        input_tokens=number(told, "inputTokens") or 0,
        output_tokens=number(told, "outputTokens") or 0,
        cache_read_tokens=number(told, "cacheReadTokens") or 0,
        cache_write_tokens=number(told, "cacheWriteTokens") or 0,
        reasoning_tokens=number(told, "reasoningTokens") or 0,
    )
    return usage if usage.attributes() else None


def learn_model(state: Progress, source: dict[str, Any]) -> str:
    model = text(source, "model")
    if model and provider_of(model) == "unknown":
        state.learn(provider=text(source, "provider"))
    state.learn(model=model)
    return model


def step_of(event: dict[str, Any]) -> str:
    data = mapping(event, "data")
    return ".".join(str(part) for key in ("turn", "step") if (part := number(data, key)) is not None)


def id_of(event: dict[str, Any], message: dict[str, Any]) -> str:
    """Return the native id of a message, else the number of the event."""
    seq = number(event, "seq", "seq0")
    return text(message, "id") or ("" if seq is None else f"event-{seq}")
