"""Find the uploaded sessions that hold some words: first those that came last.

What is uploaded takes the next rows of the full-text index, so the newest rows lead to what came last. They are traced
in steps until a page is full: a search costs what it shows, however much is stored. One word is looked for in the parts
of sessions, which hold the words of many events: a common word stands in hundreds of the events of one session.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from sessions.fulltext import engine, is_one_word
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
    found, rows = set[UUID](), list[int]()
    look_up = engine().parts if is_one_word(query.words) else engine().rows
    for limit in scope.limits.steps:
        known = len(rows)
        query, rows, _ = held(query, limit, look_up)
        found |= scope.grouped(traced(rows[known:])).keys()
        if len(rows) < limit:
            return Latest(found, len(found), is_estimate=False)
        if is_full(found):
            break
    # No page goes beyond the last step.
    hits = min(_density(rows) * rows[0], scope.limits.steps[-1])
    return Latest(found, round(len(found) * max(1.0, hits / len(rows))), is_estimate=True)


def _density(rows: Sequence[int]) -> float:
    """Return which part of all rows hits are, as far as can be told from the newest ones."""
    return len(rows) / (rows[0] - rows[-1] + 1)
