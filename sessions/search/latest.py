"""Find the uploaded sessions that hold some words: first those that came last.

What is uploaded takes the next rows of the full-text index, so the newest rows lead to what came last. They are traced
in steps until a page is full: a search costs what it shows, however much is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple
from uuid import UUID

from sessions.search.candidates import held, traced
from sessions.search.grammar import Query
from sessions.search.scope import Scope


class Latest(NamedTuple):
    """Some sessions, and how many there are in all."""

    sessions: Collection[UUID]
    total: int
    is_estimate: bool


def latest(query: Query, scope: Scope, is_full: Callable[[Collection[UUID]], bool]) -> Latest:
    """Return sessions that hold the words of a query, as many as `is_full` asks for if there are so many."""
    limits, found, stop = scope.limits, set[UUID](), 0
    _, rows, _ = held(query, limits.latest)
    while stop < len(rows) and not (stop and is_full(found)):
        start, stop = stop, max(2 * stop, limits.step)
        found |= scope.grouped(traced(rows[start:stop])).keys()
    is_all = stop >= len(rows) < limits.latest
    # Those that were traced stand for the others.
    total = len(found) if is_all else round(len(found) * max(1.0, len(rows) / max(stop, 1)))
    return Latest(found, total, not is_all)
