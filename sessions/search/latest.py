"""Find the uploaded sessions that hold some words: those first that came last.

What is uploaded takes the next rows of the full-text index, so the newest rows lead to what came last. They are traced
in steps until there are enough: a search costs what it shows, however much is stored. However far they are traced, the
sessions come in the same order, so that pages go on where others end. One word is looked for in the parts of sessions,
which hold the words of many events: a common word stands in hundreds of the events of one session.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from sessions.fulltext import Traced, engine, is_one_word
from sessions.search.candidates import held
from sessions.search.grammar import Query
from sessions.search.limits import Limits
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
    found, rest = dict[UUID, int](), math.inf
    look_up = engine().parts if is_one_word(query.words) else engine().rows
    for limit, most in scope.limits.steps:
        query, rows, _ = held(query, limit, look_up)
        are_all = len(rows) < limit
        traced = _trace([row for row in rows if row < rest], limit if are_all else most, scope, found)
        if are_all:
            return Latest(found, len(found))
        rest = traced[-1].row if len(traced) == most else rows[-1]
        if len(found) >= scope.limits.enough and is_enough(found):
            used = sum(row >= rest for row in rows)
            return Latest(found, round(len(found) * _hits(rows, scope.limits) / used), is_estimate=True)
    return Latest(found, len(found), is_estimate=True, is_cut=True)


def _trace(rows: Sequence[int], most: int, scope: Scope, found: dict[UUID, int]) -> Sequence[Traced]:
    """Add the sessions that rows lead to; return the strands, so many at most."""
    if not rows:
        return ()
    with connection.cursor() as cursor:
        traced = engine().strands(cursor, rows, most)
    helpers = {each.session for each in traced if each.session and each.is_helper}
    shown_in = scope.shown_in({each.session for each in traced if each.session}, helpers)
    for row, session, _ in traced:
        if session and session in shown_in:
            found.setdefault(shown_in[session], row)
    return traced


def _hits(rows: Sequence[int], limits: Limits) -> int:
    """Return how many rows there may be, of those that may be looked up, if the newest stand for the others."""
    density = (len(rows) - 1) / max(1, rows[0] - rows[-1])
    most, _ = limits.steps[-1]
    return max(len(rows), min(round(1 + density * (rows[0] - 1)), most))
