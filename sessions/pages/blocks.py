"""Content of events as finished parts: prose, plain text, code, diffs, pictures, each cut to what a page can bear."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import islice
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from opensession.hail import model as hail
from sessions import markup
from sessions.pages.texts import plain

MOST_TEXT = 6_000
MOST_LINES = 200
"""What of one block stands in a page; its own page shows up to `MOST_IN_FULL` characters."""
MOST_IN_FULL = 400_000
MOST_PICTURE = 400_000

LONG_TEXT, LONG_LINES = 2_400, 30

_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+\Z")
_HUNK = re.compile(r"@@+ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_LINE_STYLES = {"+": "add", "-": "del", "\\": "note"}


@dataclass(frozen=True, slots=True)
class Room:
    """How much of a block is shown: its start, or what lies around the first of the words."""

    characters: int = MOST_TEXT
    lines: int = MOST_LINES
    words: tuple[str, ...] = ()


PAGE = Room()
FULL = Room(MOST_IN_FULL, 20_000)
FOUND = Room(1_500, 25)
BEFORE_WORD, LINES_BEFORE_WORD = 300, 5
"""Characters and lines that are shown before a word which was searched for."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a diff: its style, its numbers in the old and the new file, its text."""

    style: str
    old: int | None
    new: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a row. `kind` names its template; `left` is how many characters did not fit."""

    kind: str
    html: SafeString | str = ""
    language: str = ""
    numbers: str = ""
    is_long: bool = False
    left: int = 0

    @property
    def file(self) -> str:
        return f"sessions/blocks/{self.kind}.html"


def prose(text: str, room: Room = PAGE) -> Block:
    """Return Markdown as it is read; a text that is one fenced block is shown as code."""
    shown, left = _cut(plain(text.strip("\n")), room)
    if fence := markup.sole_fence(shown):
        return code(fence[1], fence[0], room)
    return Block("prose", markup.markdown(shown), is_long=_is_long(shown), left=left)


def verbatim(text: str, room: Room = PAGE) -> Block:
    """Return text as it was printed."""
    shown, left = _cut(plain(text.strip("\n")), room)
    return Block("plain", mark_safe(escape(shown)), is_long=_is_long(shown), left=left)  # noqa: S308 - it is escaped.


def code(text: str, language: str = "", room: Room = PAGE, start: int = 1) -> Block:
    whole = plain(text.rstrip("\n"))
    shown, left = _cut(whole, room)
    start += whole.count("\n", 0, _start(whole, room))
    count = shown.count("\n") + 1
    return Block(
        "code",
        markup.code(shown, language.lower()),
        language=language,
        numbers="\n".join(map(str, range(start, start + count))),
        is_long=count > LONG_LINES,
        left=left,
    )


def diff(text: str, room: Room = PAGE) -> Block:
    shown, left = _cut(plain(text.rstrip("\n")), room)
    lines = list(diff_lines(shown.split("\n")))
    html = mark_safe("".join(map(_diff_row, lines)))  # noqa: S308 - each row is escaped.
    return Block("diff", html, is_long=len(lines) > LONG_LINES, left=left)


# The numbers are attributes, so that who copies lines does not copy them. A template would take longest of all here.
def _diff_row(line: Line) -> str:
    numbers = "".join(f'<td class="diff-num" data-n="{number or ""}"></td>' for number in (line.old, line.new))
    return f'<tr class="diff-{line.style}">{numbers}<td class="diff-text">{escape(line.text)}</td></tr>'


def diff_lines(lines: Iterable[str]) -> Iterator[Line]:
    """Number the lines of a unified diff. File headers are left out: they stand before the first hunk only."""
    old = new = 1
    in_hunk = False
    for line in lines:
        if hunk := _HUNK.match(line):
            old, new, in_hunk = int(hunk[1]), int(hunk[2]), True
            yield Line("hunk", None, None, line)
        elif in_hunk or not line.startswith(("--- ", "+++ ", "diff ", "index ", "@@")):
            style = _LINE_STYLES.get(line[:1], "same")
            has_old, has_new = style in ("del", "same"), style in ("add", "same")
            yield Line(style, old if has_old else None, new if has_new else None, line)
            old, new = old + has_old, new + has_new


def changed_lines(text: str) -> tuple[int, int]:
    """Return how many lines a diff adds and removes."""
    styles = [line.style for line in diff_lines(text.split("\n"))]
    return styles.count("add"), styles.count("del")


def data(value: Any, room: Room = PAGE) -> Block:
    """Return JSON, indented."""
    return code(json.dumps(value, ensure_ascii=False, indent=2), "json", room)


def picture(url: str, alt: str) -> Block:
    """Return a picture that came with the session. Nothing is fetched from elsewhere, so other addresses are words."""
    if len(url) <= MOST_PICTURE and _PICTURE.match(url):
        return Block("picture", url, language=alt or "picture")
    address = "picture" if url.startswith("data:") else url[:200]
    return Block("mention", escape(plain(f"{address} {alt}".strip())))


def blocks(content: hail.Content, *, as_prose: bool, room: Room = PAGE) -> tuple[Block, ...]:
    """Return the blocks of an event that have something to show."""
    found = (_block(block, as_prose, room) for block in islice(content.blocks, 40))
    return tuple(block for block in found if block is not None)


def _block(block: hail.Block, as_prose: bool, room: Room) -> Block | None:
    match block:
        case hail.Text(text=text):
            return (prose if as_prose else verbatim)(text, room) if text.strip() else None
        case hail.Code(code=text, language=language, start_line=start):
            return code(text, language or "", room, start or 1) if text.strip() else None
        case hail.Json(data=value):
            return data(value, room)
        case hail.Image(url=url, alt=alt):
            return picture(url, alt or "")
        case hail.File(path=path):
            return Block("mention", escape(plain(path[:400])))
        case hail.Video(url=url) | hail.Audio(url=url) | hail.Reference(uri=url):
            return Block("mention", escape(plain(url[:200])))


def _cut(text: str, room: Room) -> tuple[str, int]:
    """Return what fits of a text, in whole lines where that loses little, and how much is left out."""
    start = _start(text, room)
    shown = text[start : start + room.characters]
    if shown.count("\n") >= room.lines:
        shown = "\n".join(shown.split("\n", room.lines)[: room.lines])
    if start + len(shown) < len(text) and shown.rfind("\n") > room.characters // 2:
        shown = shown[: shown.rfind("\n")]
    return shown, len(text) - len(shown)


def _start(text: str, room: Room) -> int:
    """Return where the shown part of a text begins: at its start, if the first of the words is in sight from there."""
    if not room.words or len(text) <= room.characters:
        return 0
    folded = text.lower()
    places = [at for at in (folded.find(word.lower()) for word in room.words) if at >= 0]
    first = min(places, default=0)
    if first < room.characters // 2 and text.count("\n", 0, first) < room.lines // 2:
        return 0
    before = text[max(0, first - BEFORE_WORD) : first].split("\n")
    return first - len("\n".join(before[-LINES_BEFORE_WORD:]))


def _is_long(text: str) -> bool:
    return len(text) > LONG_TEXT or text.count("\n") >= LONG_LINES
