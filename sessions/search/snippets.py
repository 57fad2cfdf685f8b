"""Short passages of events around what was searched for. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from opensession.hail.model import Event
from opensession.hail.words import words
from sessions.fulltext import Hit
from sessions.search import checks, tokens
from sessions.search.grammar import Query
from sessions.search.tokens import Span

BEFORE, LENGTH = 60, 200
"""Characters of a passage before its first match, and in all."""


@dataclass(frozen=True, slots=True)
class Part:
    text: str
    is_match: bool = False


@dataclass(frozen=True, slots=True)
class Snippet:
    """A passage of the event `number` of a strand, in parts. None of it is safe to print unescaped."""

    hit: Hit
    event_id: str
    parts: tuple[Part, ...]


def snippet(hit: Hit, event: Event, query: Query) -> Snippet:
    text = words(event)
    if not text.isascii():
        # A letter and its accent become one character, as in the index.
        text = unicodedata.normalize("NFC", text)
    matches = list(_matches(query, text))
    start, stop = _bounds(text, matches[0][0] if matches else 0)
    return Snippet(hit, event.event_id, tuple(_parts(text, matches, start, stop)))


def _matches(query: Query, text: str) -> Sequence[Span]:
    """Return where the words and patterns of the query stand, in order, without overlaps."""
    if found := tokens.spans(query.words.all_of, text):
        return found
    return [found for check in query.checks if check.key == "regex" for found in checks.spans(check.value, text)]


def _bounds(text: str, match: int) -> Span:
    """Return a stretch around `match` that cuts no word, unless a word is endless."""
    start = max(0, match - BEFORE)
    if start:
        start = min(match, text.find(" ", start, match) + 1 or start)
    stop = min(len(text), start + LENGTH)
    if stop < len(text):
        stop = max(text.rfind(" ", match + 1, stop), 0) or stop
    return start, stop


def _parts(text: str, matches: Sequence[Span], start: int, stop: int) -> Iterator[Part]:
    at = start
    for first, last in matches:
        first, last = max(first, at), min(last, stop)
        if first < last:
            yield from _part(text[at:first], is_match=False)
            yield from _part(text[first:last], is_match=True)
            at = last
    yield from _part(text[at:stop], is_match=False)


def _part(text: str, *, is_match: bool) -> Iterator[Part]:
    """Yield the text as a part, its runs of white space as single spaces; nothing if it is empty."""
    if text:
        inner = " ".join(text.split())
        yield Part(f"{' ' * text[0].isspace()}{inner}{' ' * (bool(inner) and text[-1].isspace())}", is_match)
