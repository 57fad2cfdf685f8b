"""What a word is, to every engine: a run of letters, digits and `_`, without case and accents."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\w+")
_MARKS = re.compile("[\u0300-\u036f]+")


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


def words(text: str) -> list[str]:
    """Return the words of a text, folded, in order. An accent that stands for itself is part of no word."""
    if not text.isascii():
        text = _MARKS.sub("", unicodedata.normalize("NFC", text))
    return _WORD.findall(folded(text))
