"""What is remembered between the lines of DeepSeek Harness, and how its stream is told without its message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from msgspec import field

from parsers.fields import items, mapping, moment, number, objects, text
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


def hear_all(data: dict[str, Any], state: Progress) -> None:
    """Keep what was streamed before a message, where that holds its stream."""
    for record in objects(data, "stream"):
        hear(record, text(record, "type"), state)


def hear(record: dict[str, Any], kind: str, state: Progress) -> None:
    """Keep what was streamed: a single chunk, which tells its own kind, or a run of chunks."""
    chunk = mapping(record, "chunk")
    heard = _HEARD.get((text(chunk, "type") or kind).partition("-")[0])
    if heard:
        pieces = items(record, "texts") or [chunk.get("text")]
        if words := "".join([piece for piece in pieces if isinstance(piece, str)])[: MOST_HEARD - state.heard]:
            heard(state).append(words)
            state.heard += len(words)
    if chunk and (usage := usage_of(mapping(chunk, "usage"))):
        state.unpaid = usage


_HEARD: Mapping[str, Callable[[Progress], list[str]]] = {
    "reasoning": attrgetter("thought"),
    "text": attrgetter("said_so_far"),
}


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
    if not told:
        return None
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


def place_of(event: dict[str, Any], kind: str) -> At:
    """Return where an event of this kind stands: in which step of which turn."""
    data = mapping(event, "data")
    turn, step = number(data, "turn"), number(data, "step")
    group = ".".join([str(part) for part in (turn, step) if part is not None])
    return At(time=moment(event, "time", "time0") or "", raw=kind, group=group)


def id_of(event: dict[str, Any], message: dict[str, Any]) -> str:
    """Return the native id of a message, else the number of the event."""
    seq = number(event, "seq", "seq0")
    return text(message, "id") or ("" if seq is None else f"event-{seq}")
