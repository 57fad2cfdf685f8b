"""Find phrases in a text as the index does: words are runs of letters, digits and `_`, without case and accents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from sessions.fulltext.base import Phrase

Span = tuple[int, int]

_WORD = re.compile(r"\w+")


class _Folds(dict[int, str]):
    """Each character without case and accent, as one character, so that places in the text stay what they are."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        parts = unicodedata.normalize("NFD", char)
        is_accented = parts[0].isascii() and all(unicodedata.category(mark) == "Mn" for mark in parts[1:])
        folded = self[code] = (parts[0] if is_accented else char).lower()[:1]
        return folded


_folds = _Folds()


def folded(text: str) -> str:
    return text.lower() if text.isascii() else text.translate(_folds)


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
    words = _WORD.findall(folded(phrase.text))
    if not words:
        return ""
    return r"\W+".join(map(re.escape, words)) + (r"\w*" if phrase.is_prefix else "")
