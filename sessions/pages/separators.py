"""What stands between two rows of a timeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from opensession.hail import times
from sessions.pages.rows import Row
from sessions.pages.texts import duration

PAUSE = 15 * 60
"""Seconds without an event after which the timeline says how long nothing happened."""


def separated(found: Sequence[Row]) -> Iterator[Row]:
    """Say above a row what changed before it: who speaks, what was copied, how long nothing happened."""
    last: Row | None = None
    for row in found:
        said = tuple(_said(last, row)) if last else (("copied from the parent session",) if row.is_replayed else ())
        yield replace(row, separators=said) if said else row
        last = row


def _said(last: Row, row: Row) -> Iterator[str]:
    if row.is_replayed != last.is_replayed:
        yield "copied from the parent session" if row.is_replayed else "this session goes on here"
    pause = (times.instant(row.time) - times.instant(last.time)).total_seconds()
    if pause >= PAUSE:
        yield f"{duration(int(pause))} later"
    if (row.flow == "user") != (last.flow == "user") and row.look not in ("note", "task"):
        yield "user" if row.flow == "user" else "agent"
