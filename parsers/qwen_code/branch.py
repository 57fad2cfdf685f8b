"""Find the branch of a log that stands: the line of parents from the last message up.

A log is a tree. To go back, the user makes a new branch off an earlier message; the old one stays in the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from parsers.fields import text

Record = dict[str, Any]

MESSAGES = frozenset({"user", "assistant", "tool_result"})
TYPES = MESSAGES | {"system"}


def active(records: Sequence[Record]) -> list[bool]:
    """Tell of each record whether it stands. What follows the last message does, too."""
    leaf = max((at for at, record in enumerate(records) if text(record, "type") in MESSAGES), default=-1)
    return [at > leaf or stands for at, stands in enumerate(_line(records, leaf))]


def _line(records: Sequence[Record], leaf: int) -> list[bool]:
    """Tell of each record whether it is in the line of parents of `leaf`. What has no id is in every line."""
    places, stands = _places(records), [False] * len(records)
    at = leaf
    while at >= 0:
        # A message may be written in several records of one id.
        same = places.get(text(records[at], "uuid"), [at])
        if stands[same[0]]:
            break
        for each in same:
            stands[each] = True
        at = _parent(records, same[0], places)
    return [found or not text(record, "uuid") for found, record in zip(stands, records, strict=True)]


def _places(records: Sequence[Record]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for at, record in enumerate(records):
        if uuid := text(record, "uuid"):
            places.setdefault(uuid, []).append(at)
    return places


def _parent(records: Sequence[Record], at: int, places: dict[str, list[int]]) -> int:
    """Return where the parent of a record is, -1 for a root. If its line is lost, the one before takes its place."""
    parent = text(records[at], "parentUuid")
    if not parent and text(records[at], "uuid"):
        return -1
    found = places.get(parent)
    return found[0] if found else at - 1
