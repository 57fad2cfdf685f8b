"""Find phrases in a text as the index does: words are runs of letters, digits and `_`, without case and accents."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from sessions.fulltext.base import Phrase
from sessions.fulltext.folding import folded, words

Span = tuple[int, int]


def spans(phrases: Iterable[Phrase], text: str) -> list[Span]:
    """Return where the phrases stand in `text`, in order, without overlaps."""
    pattern = _pattern(tuple(phrases))
    return [found.span() for found in pattern.finditer(folded(text))] if pattern else []


def holds(phrase: Phrase, text: str) -> bool:
    pattern = _pattern((phrase,))
    return bool(pattern and pattern.search(folded(text)))


@lru_cache(maxsize=64)
def _pattern(phrases: tuple[Phrase, ...]) -> re.Pattern[str] | None:
    either = [expression for phrase in phrases if (expression := _expression(phrase))]
    return re.compile(rf"(?<!\w)(?:{'|'.join(either)})(?!\w)") if either else None


def _expression(phrase: Phrase) -> str:
    wanted = words(phrase.text)
    if not wanted:
        return ""
    return r"\W+".join(map(re.escape, wanted)) + (r"\w*" if phrase.is_prefix else "")
