"""The bounds that keep every search quick, however much is stored. Whoever runs into one is told so."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """`rows` are rows of the full-text index, `hits` those that stand for events.

    Up to `few` rows are traced to their sessions one by one. When more hold the words, the newest `sessions` are tried
    for them: among the newest `rows`, and by asking the index for `seeks` blocks that are older. When that finds fewer
    than `enough` sessions, the newest `few` rows are traced after all.
    """

    few: int = 1_000
    rows: int = 10_000
    sessions: int = 200
    seeks: int = 50
    enough: int = 20

    steps: tuple[tuple[int, int], ...] = ((60, 30), (150, 75), (500, 500), (2_000, 2_000))
    """Rows that are looked up for programs, and how many sessions are traced from them: more, if those fill no page."""
    told: int = 500
    """Sessions whose title, description and tags are tried for programs."""

    per_block: int = 3
    checked: int = 200
    """Hits that are read to check their file, command or pattern."""
    per_block_to_check: int = 50

    scanned: int = 10_000
    """Events that a pattern without words is tried on."""
    text: int = 16 << 20
    """Characters of these events."""

    counted: int = 10_000
    """Sessions that are counted one by one; beyond, those whose ids lie in one of `slices` slices stand for all."""
    counted_first: int = 2_500
    """Sessions that are counted before anything is estimated: that takes no longer than the estimate."""
    slices: int = 256


LIMITS = Limits()
