"""Text of a session inside Markdown. It is hostile: it must read as it was, and stay where it is put.

Code spans and fenced blocks keep their looks; what would start a heading, a rule, HTML, an image or a link target
gets a backslash. Code spans never reach over the end of a line here, so each line can be judged by itself.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator

_BREAK = re.compile(r"\r\n|\r|\n")
_TICKS = re.compile("`+")
_SPECIAL = re.compile(r"\\.|`+|<(?=[A-Za-z/!?])|!\[|\]:")
_ESCAPED = {"<": r"\<", "![": r"!\[", "]:": r"]\:"}

# The place where a block may open: the start of a line, or behind the markers of quotes and list items. A marker has
# something behind it, so that none has to be given back for a rule: a line of them would take for ever.
_OPEN = r"^((?:[ \t]*+(?:>|(?:[-+*]|[0-9]{1,9}[.)])(?=[ \t]+[^ \t])))*+[ \t]*+)"
_BLOCK = re.compile(_OPEN + r"(?=\#{1,6}(?:[ \t]|$)|~~~|([-=*_])(?:[ \t]*+\2)*+[ \t]*+$)")

# Fences count only in the first column: an indented one may belong to a list item, which ends without it.
_FENCE = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(document: str) -> str:
    """Return `document` without control characters, which a terminal would obey."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", document)


def code(words: str) -> str:
    """Return `words` as a code span, its fence longer than any run of backticks inside."""
    words = words or " "  # Two backticks with nothing between would be no code span.
    longest = max(map(len, _TICKS.findall(words)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if "`" in (words[0], words[-1]) else ""
    return f"{fence}{pad}{words}{pad}{fence}"


def fenced(words: str, language: str = "") -> str:
    """Return `words` as a code block, its fence longer than any run of backticks inside."""
    fence = "`" * max(3, 1 + max(map(len, _TICKS.findall(words)), default=0))
    return f"{fence}{language}\n{words.rstrip()}\n{fence}"


def line(words: str) -> str:
    """Return `words` on one line."""
    return _neutral(" ".join(part.strip() for part in _BREAK.split(words)))


def block(words: str) -> str:
    """Return `words` as paragraphs; a fence that is left open gets its end."""
    return "\n".join(_neutral_lines(_BREAK.split(words)))


def _neutral_lines(lines: Iterable[str]) -> Iterator[str]:
    fence = ""
    for words in lines:
        if fence:
            fence = "" if _closes(words, fence) else fence
            yield words
        elif opening := _FENCE.match(words):
            fence = opening[1]
            yield words
        else:
            yield _neutral(words)
    if fence:
        yield fence


def _closes(words: str, fence: str) -> bool:
    indent = len(words) - len(words.lstrip(" "))
    mark = words.strip(" \t")
    return indent <= 3 and len(mark) >= len(fence) and not mark.strip(fence[0])


def _neutral(words: str) -> str:
    return _BLOCK.sub(r"\1\\", "".join(_pieces(words)))


def _pieces(words: str) -> Iterator[str]:
    starts = _runs(words)
    position = 0
    while found := _SPECIAL.search(words, position):
        yield words[position : found.start()]
        position = found.end()
        token = found[0]
        if token[0] != "`":
            yield _ESCAPED.get(token, token)
        elif end := _end(starts.get(len(token), []), position, len(token)):
            yield words[found.start() : end]
            position = end
        else:
            yield r"\`" * len(token)
    yield words[position:]


def _runs(words: str) -> dict[int, list[int]]:
    """Return where the runs of backticks start, by their length."""
    starts: dict[int, list[int]] = {}
    for run in _TICKS.finditer(words):
        starts.setdefault(len(run[0]), []).append(run.start())
    return starts


def _end(starts: list[int], position: int, length: int) -> int | None:
    """Return where the code span ends that opened before `position` with a run of `length`."""
    place = bisect_left(starts, position)
    return starts[place] + length if place < len(starts) else None
