"""Words, numbers and times as people read them. Text from logs is hostile: it passes `plain` first."""

from __future__ import annotations

import re
from datetime import datetime

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])")
_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")
# A carriage return alone and other controls move a terminal's cursor; the bidi controls reorder what a reader sees.
_CONTROLS = dict.fromkeys([*range(9), 11, 12, 13, *range(14, 32), 127, *range(128, 160)])
_BIDI = {code: f"⟨U+{code:04X}⟩" for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}
_UNSEEN = {**_CONTROLS, **_BIDI}

MINUTE, HOUR, DAY = 60, 3600, 86400


def plain(text: str) -> str:
    """Return `text` without what a terminal would obey, and with text-reordering marks made visible."""
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    return text if text.isascii() and text.isprintable() else text.translate(_UNSEEN)


def one_line(text: str, most: int = 80) -> str:
    """Return the start of `text` in one line of at most `most` characters."""
    # Only the start is looked at: a text may be megabytes long.
    return truncated(" ".join(plain(text[: most * 8]).split()), most)


def heading(text: str, most: int = 200) -> str:
    """Return a title or description without tags, in one line."""
    return one_line(_TAG.sub(" ", text[: most * 8]), most)


def truncated(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 3].rstrip() + "..."


def compact(number: int) -> str:
    """Return a number in at most four signs and a unit: `999`, `3.4k`, `12k`, `1.2M`."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            value = number / size
            return f"{value:.1f}".removesuffix(".0") + unit if value < 10 else f"{value:.0f}{unit}"
    return str(number)


def counted(number: int, noun: str) -> str:
    """Return `1 message` or `1,200 messages`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def age(moment: datetime, now: datetime) -> str:
    """Return how long ago `moment` was; a date from 30 days on."""
    seconds = int((now - moment).total_seconds())
    if seconds < MINUTE:
        return "just now"
    for size, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "m")):
        if seconds >= size and seconds < 30 * DAY:
            return f"{seconds // size}{unit} ago"
    return f"{moment:%Y-%m-%d}"


def duration(seconds: int) -> str:
    """Return a duration by its two largest units: `45s`, `12m 30s`, `1h 1m`, `3d 4h`."""
    if seconds < MINUTE:
        return f"{seconds}s"
    for size, part, units in ((DAY, HOUR, "dh"), (HOUR, MINUTE, "hm"), (MINUTE, 1, "ms")):
        if seconds >= size:
            return f"{seconds // size}{units[0]} {seconds % size // part}{units[1]}"
    return ""


def milliseconds(value: int) -> str:
    return f"{value}ms" if value < 1000 else f"{value / 1000:.1f}s" if value < 60_000 else duration(value // 1000)


def short_path(path: str) -> str:
    """Return the last three parts of a path, with `.../` before them where there are more."""
    parts = [part for part in re.split(r"[/\\]", plain(path)) if part]
    return ".../" + "/".join(parts[-3:]) if len(parts) > 3 else one_line(path, 200)
