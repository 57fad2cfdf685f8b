"""Tells a task: the history that the model was sent, and between its messages what only the screen showed."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from parsers.cline.pieces import AGENT, SUMMARY, THINKING, USER, Piece, blocks_of, learn_surroundings, read
from parsers.cline.plan import Entry, Message, kind_of, planned, resumed
from parsers.cline.screen import Screen
from parsers.cline.voice import Voice, usage_of
from parsers.fields import mapping, number, text
from parsers.transcript import At, Transcript


class _Read(Struct):
    """A message that was read."""

    message: Message
    pieces: list[Piece]
    unknown: list[str]


def tell(messages: Sequence[Message], screen: Sequence[Entry], to: Transcript) -> bool:
    """Tell all that happened, and return whether it told tokens."""
    parts = resumed(messages, screen)
    every = [_Read(message, *read(message)) for message in parts]
    plan = planned(parts, screen)
    voice = Voice(to)
    shown = Screen(voice, _said(every))
    bases = _bases(parts, to.tool)
    for at in range(len(every) + 1):
        for entry in plan.before.get(at, ()):
            _count(to, entry)
            shown.tell(entry)
        if at < len(every):
            if at != 1 or len(parts) == len(messages):
                to.out.record(_role(every[at].message), every[at].message)
            _tell_message(every[at], plan.times[at], bases[at], plan.along.get(at, []), voice, shown)
    voice.settle()
    return voice.has_usage


def _said(every: Sequence[_Read]) -> frozenset[str]:
    """Return the words that the history tells, so that the screen's are not told again."""
    kinds = (AGENT, SUMMARY, THINKING, USER)
    return frozenset(piece.words.strip() for each in every for piece in each.pieces if piece.kind in kinds)


def _count(to: Transcript, entry: Entry) -> None:
    to.out.record(kind_of(entry), entry)


def _tell_message(each: _Read, time: str, base: str, along: Sequence[Entry], voice: Voice, shown: Screen) -> None:
    message, to = each.message, voice.to
    role = _role(message)
    _learn(message, to)
    has_thought = any(piece.kind == THINKING for piece in each.pieces)
    for entry in along:
        _count(to, entry)
        shown.go_along(entry, has_thought)
    at = At(time=time, raw=role, group=base)
    model = model_of(message)
    if role == "assistant":
        voice.answers()
    if usage := usage_of(mapping(message, "metrics") or mapping(message, "usage")):
        voice.owes_instead(usage, at)
    for piece in each.pieces:
        voice.tell(piece, At(time=time, raw=f"{role}:{piece.kind}", group=base), base, model)
    if role == "assistant":
        voice.settle(at)
    if each.unknown:
        to.out.skip(f"{role}:{each.unknown[0]}")
    elif not each.pieces:
        to.out.ignore(role)


def _role(message: Message) -> str:
    return text(message, "role") or text(message, "type") or "no role"


def _bases(messages: Sequence[Message], tool: str) -> list[str]:
    """Return what the events of each message are called after: its id, its time, or its number."""
    found: list[str] = []
    used: set[str] = set()
    for at, message in enumerate(messages):
        base = text(message, "id") or f"{number(message, 'ts') or f'{tool}-{at}'}"
        base = f"{base}.{at}" if base in used else base
        used.add(base)
        found.append(base)
    return found


def model_of(message: Message) -> str:
    return text(mapping(message, "modelInfo"), "modelId", "id") or text(message, "model")


def _learn(message: Message, to: Transcript) -> None:
    provider = text(mapping(message, "modelInfo"), "providerId", "provider")
    to.facts.learn(model=model_of(message), provider="" if provider == "unknown" else provider)
    if not (to.facts.cwd and to.facts.model) and message.get("role") == "user":
        for block in blocks_of(message):
            learn_surroundings(text(block, "text"), to.facts)
