"""Unified diffs from what editing tools log.

The path stands in the event, so a diff is its hunks only, without the `---` and `+++` lines. A diff made of an old
and a new string counts lines within these strings: where they stand in the file is not in the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from msgspec import Struct

from opensession.hail.stats import changed_lines

__all__ = ["Hunk", "changed_lines", "hunks", "patch", "unified"]

CONTEXT = 3
MAX_MATCHED = 40_000
"""Lines before times lines after. Matching is quadratic, so above it the changed part is taken out and put in whole."""

Code = tuple[str, int, int, int, int]


class Hunk(Struct, gc=False, rename="camel"):
    """One hunk of a structured patch, as Claude Code logs it."""

    old_start: int
    old_lines: int
    new_start: int
    new_lines: int
    lines: list[str]


def unified(old: str, new: str) -> str:
    """Return the diff that turns `old` into `new`, or an empty string when they are the same."""
    before, after = _lines(old), _lines(new)
    return "".join(_hunk(group, before, after) for group in _grouped(_changes(before, after)))


def hunks(diff: str) -> str:
    """Return a unified diff without the lines that name its file, which stand before the first hunk."""
    return diff[max(0, diff.find("@@")) :]


def patch(hunks: Iterable[Hunk]) -> str:
    """Return the diff of a structured patch."""
    return "".join(
        _head(hunk.old_start, hunk.old_lines, hunk.new_start, hunk.new_lines)
        + "".join(f"{line}\n" for line in hunk.lines)
        for hunk in hunks
    )


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _changes(before: list[str], after: list[str]) -> list[Code]:
    """Return difflib's opcodes. What both share at either end is found first: it is most of the text, and cheap."""
    shorter = min(len(before), len(after))
    head = 0
    while head < shorter and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shorter - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    if head == len(before) == len(after):
        return []
    start, old_end, new_end = max(0, head - CONTEXT), len(before) - tail, len(after) - tail
    keep = min(tail, CONTEXT)
    codes: list[Code] = [("equal", start, head, start, head)] if head else []
    codes += _matched(before[head:old_end], after[head:new_end], head)
    if keep:
        codes.append(("equal", old_end, old_end + keep, new_end, new_end + keep))
    return codes


def _matched(before: list[str], after: list[str], at: int) -> Iterator[Code]:
    if len(before) * len(after) > MAX_MATCHED or set(before).isdisjoint(after):
        yield "replace", at, at + len(before), at, at + len(after)
        return
    for tag, *ends in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        i1, i2, j1, j2 = ends
        yield tag, at + i1, at + i2, at + j1, at + j2


def _grouped(codes: Iterable[Code]) -> Iterator[list[Code]]:
    """Yield the opcodes of each hunk: a new one begins where more lines are equal than two contexts show."""
    group: list[Code] = []
    for tag, i1, i2, j1, j2 in codes:
        if tag == "equal" and i2 - i1 > 2 * CONTEXT:
            yield [*group, (tag, i1, i1 + CONTEXT, j1, j1 + CONTEXT)]
            group, i1, j1 = [], i2 - CONTEXT, j2 - CONTEXT
        group.append((tag, i1, i2, j1, j2))
    if group:
        yield group


def _hunk(group: list[Code], before: list[str], after: list[str]) -> str:
    rows = []
    for tag, i1, i2, j1, j2 in group:
        if tag == "equal":
            rows += [f" {line}\n" for line in before[i1:i2]]
        else:
            rows += [f"-{line}\n" for line in before[i1:i2]] + [f"+{line}\n" for line in after[j1:j2]]
    (_, i1, _, j1, _), (_, _, i2, _, j2) = group[0], group[-1]
    return _head(i1 + (i2 > i1), i2 - i1, j1 + (j2 > j1), j2 - j1) + "".join(rows)


def _head(old: int, old_count: int, new: int, new_count: int) -> str:
    return f"@@ -{_span(old, old_count)} +{_span(new, new_count)} @@\n"


def _span(start: int, count: int) -> str:
    return f"{start}" if count == 1 else f"{start},{count}"
