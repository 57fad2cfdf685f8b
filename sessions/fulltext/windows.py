"""Windows on the newest rows of PostgreSQL's index, so that the newest hits are found without gathering all of them.

A GIN index gives all rows that hold a word, in no order; of a word that stands in thousands they would all be fetched
to sort them. So each row also holds marks that say in which window of rows it lies, and hits are looked for in wider
and wider windows, with their marks beside the words, and at last in all rows. What is not found in one window is so
rare that few hits lie in the next one. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

SHIFTS = (11, 13, 15, 17, 19)
"""A window holds 2 to the power of one of these many rows; two are looked into, as the newest may be nearly empty."""


class Window(NamedTuple):
    """The rows before `stop`, of which those in the window hold one of `marks`; without marks, all of them."""

    stop: int
    marks: tuple[str, ...] = ()


def marks(row: int) -> Iterator[str]:
    """Yield the marks of a row. No word has a `#` in it."""
    return (_mark(shift, row >> shift) for shift in SHIFTS)


def windows(newest: int) -> Iterator[Window]:
    """Yield windows that hold each row once, the newest rows first; `newest` is the last row there is."""
    stop = newest + 1
    for shift in SHIFTS:
        if 1 << shift > newest // 4:
            # Marks that most rows hold only take time.
            break
        last = newest >> shift
        yield Window(stop, (_mark(shift, last), _mark(shift, last - 1)))
        stop = (last - 1) << shift
    yield Window(stop)


def _mark(shift: int, number: int) -> str:
    return f"#{shift}_{number}"
