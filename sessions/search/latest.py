"""Find the uploaded sessions that hold some words: those first that came last.

What is uploaded takes the next rows of the full-text index, so the newest rows lead to what came last. They are traced
in steps until there are enough: a search costs what it shows, however much is stored. However far they are traced, the
sessions come in the same order, so that pages go on where others end. One word is looked for in the parts of sessions,
which hold the words of many events: a common word stands in hundreds of the events of one session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from sessions.fulltext import engine, is_one_word
from sessions.search.candidates import held
from sessions.search.grammar import Query
from sessions.search.scope import Scope

Found = Mapping[UUID, int]
"""Sessions, each with the newest row that leads to it; those that came last first."""


class Latest(NamedTuple):
    """`total` is how many sessions there are in all. `is_cut` says that there are more rows than may be traced."""

    found: Found
    total: int
    is_estimate: bool = False
    is_cut: bool = False


def latest(query: Query, scope: Scope, is_enough: Callable[[Found], bool]) -> Latest:
    """Return the sessions that hold the words of a query, in the end at least as many as are enough."""
    found, rows = dict[UUID, int](), list[int]()
    look_up = engine().parts if is_one_word(query.words) else engine().rows
    for limit in scope.limits.steps:
        known = len(rows)
        query, rows, _ = held(query, limit, look_up)
        _trace(rows[known:], scope, found)
        if len(rows) < limit:
            return Latest(found, len(found))
        if len(found) >= scope.limits.enough and is_enough(found):
            return Latest(found, _estimate(found, rows, scope.limits.steps[-1]), is_estimate=True)
    return Latest(found, len(found), is_estimate=True, is_cut=True)


def _trace(rows: Sequence[int], scope: Scope, found: dict[UUID, int]) -> None:
    with connection.cursor() as cursor:
        sessions = engine().sessions(cursor, rows)
    shown_in = scope.shown_in({session for _, session in sessions})
    for row, session in sessions:
        if session in shown_in:
            found.setdefault(shown_in[session], row)


def _estimate(found: Found, rows: Sequence[int], most: int) -> int:
    """Return how many sessions the rows lead to that may be traced, if those that were stand for the others."""
    density = (len(rows) - 1) / max(1, rows[0] - rows[-1])
    hits = min(1 + density * (rows[0] - 1), most)
    return round(len(found) * max(1.0, hits / len(rows)))
