"""The patch language of `apply_patch`: which files a patch touches, and each file's part as a unified diff.

Such a patch names no line numbers. The hunks of a diff are numbered as if each file began at the first one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_HEAD = re.compile(r"\*\*\* (Update|Add|Delete) File:(.*)")
_MOVE = "*** Move to:"
_END = "*** End Patch"
_QUOTES = "\"'`"


class FilePatch(NamedTuple):
    """What a patch does to one file. `verb` is Update, Add or Delete; `moved` the new path of an updated file."""

    verb: str
    path: str
    moved: str
    lines: Sequence[str]

    def diff(self) -> str:
        """Return the changes as a unified diff without file names."""
        return "".join(_hunks(self.lines))

    def text(self) -> str:
        """Return the content of an added file."""
        return "".join(f"{line[1:]}\n" for line in self.lines if line[:1] == "+")


def files(patch: str) -> list[FilePatch]:
    """Return the parts of a patch, in order; none when it is no patch."""
    parts: list[FilePatch] = []
    lines: list[str] = []
    for line in patch.split("\n"):
        if not line.startswith("*** "):
            lines.append(line.removesuffix("\r"))
        elif found := _HEAD.match(line):
            lines = []
            parts.append(FilePatch(found[1], _path(found[2]), "", lines))
        elif parts and line.startswith(_MOVE):
            parts[-1] = parts[-1]._replace(moved=_path(line[len(_MOVE) :]))
        elif line.startswith(_END):
            lines = []  # Nothing behind the end belongs to the last file.
    return parts


def _path(words: str) -> str:
    return words.strip().strip(_QUOTES) or "unknown"


def _hunks(lines: Sequence[str]) -> Iterator[str]:
    old = new = 1
    for head, body in _split(lines):
        rows = [row if row[:1] in ("+", "-", " ") else f" {row}" for row in body]
        taken = sum(row[0] != "+" for row in rows)
        put = sum(row[0] != "-" for row in rows)
        yield f"@@ -{_span(old, taken)} +{_span(new, put)} @@{head}\n" + "".join(f"{row}\n" for row in rows)
        old, new = old + taken, new + put


def _span(start: int, count: int) -> str:
    """Return a range as unified diffs write it: one of no lines stands behind the line before."""
    return f"{start}" if count == 1 else f"{start - (count == 0)},{count}"


def _split(lines: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the heading and the rows of each hunk; several `@@` lines in a row narrow down one place."""
    head, body = "", list[str]()
    for line in lines:
        if not line.startswith("@@"):
            body.append(line)
            continue
        if _is_told(body):
            yield head, body
            head, body = "", []
        head = line[2:].strip().removesuffix("@@").strip()
        head = f" {head}" if head else ""
    if _is_told(body):
        yield head, body


def _is_told(body: Sequence[str]) -> bool:
    return any(line.strip() for line in body)
