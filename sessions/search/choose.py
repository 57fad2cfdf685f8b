"""Parts of lists in the orders of `LISTED_BY`, which programs ask for: chosen by columns, and by what is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from sessions.models import Session
from sessions.querysets import LISTED_BY, SessionQuerySet
from sessions.search import candidates, totals
from sessions.search.cursor import Cursor
from sessions.search.grammar import Malformed
from sessions.search.limits import FOR_PROGRAMS, Limits
from sessions.search.request import SessionSearch
from sessions.search.scope import Scope

if TYPE_CHECKING:
    from accounts.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sessions, and which part of them. It begins behind the session with the values of `place`, if any."""

    condition: Q
    sort: str
    text: str = ""
    place: tuple[Any, ...] = ()
    offset: int = 0
    size: int = 20


class Part(NamedTuple):
    """The sessions in order, one more than is wanted where others follow; and how many there are in all."""

    sessions: SessionQuerySet
    total: int
    is_estimate: bool


def choose(viewer: Viewer, wanted: Wanted, *, now: datetime, limits: Limits = FOR_PROGRAMS) -> Part:
    """Return what `viewer` finds in lists. What `text` is no search for is looked for in what is told of sessions."""
    visible = Session.objects.visible_to(viewer)
    if not wanted.text:
        return _listed(visible.filter(wanted.condition), wanted, limits)
    search = SessionSearch(search=wanted.text)
    try:
        query, matching = search.query(now), visible.matching(search, now).filter(wanted.condition)
    except Malformed:
        return _told(visible.filter(wanted.condition), wanted, limits)
    if not query.is_about_events:
        return _listed(matching, wanted, limits)
    gathered = candidates.gather(query, Scope(visible, matching, search.sort, limits, _columns(wanted)))
    if not gathered.found:
        return _told(visible.filter(wanted.condition), wanted, limits)
    return _found(list(gathered.found), wanted, is_estimate=not gathered.is_all)


def _listed(matching: SessionQuerySet, wanted: Wanted, limits: Limits) -> Part:
    walked = matching.primary()
    behind = walked.listed_after(wanted.sort, wanted.place) if wanted.place else walked
    part = behind.listed_by(wanted.sort)[wanted.offset : wanted.offset + wanted.size + 1]
    return Part(part, *totals.total(walked, matching.filter(is_auxiliary=False), limits))


def _told(matching: SessionQuerySet, wanted: Wanted, limits: Limits) -> Part:
    """Look for any text, also within words, in titles, descriptions and tags of the newest sessions."""
    newest = matching.primary().recent().values("pk")[: limits.few]
    sessions = Session.objects.annotate(spelt_tags=Cast("tags", TextField())).filter(pk__in=newest)
    text = wanted.text
    told = Q(title__icontains=text) | Q(description__icontains=text) | Q(spelt_tags__icontains=text)
    rows = sessions.filter(told).values_list("pk", *_columns(wanted))[: limits.few]
    return _found([Cursor.of(*row) for row in rows], wanted, is_estimate=len(rows) == limits.few)


def _found(keys: Sequence[Cursor], wanted: Wanted, *, is_estimate: bool) -> Part:
    behind = keys
    if wanted.place:
        *values, row = wanted.place
        behind = [key for key in keys if key < Cursor.of(row, *values)]
    part = sorted(behind, reverse=True)[wanted.offset : wanted.offset + wanted.size + 1]
    sessions = Session.objects.filter(pk__among=[key.row for key in part]).listed_by(wanted.sort)
    return Part(sessions, len(keys), is_estimate)


def _columns(wanted: Wanted) -> Sequence[str]:
    """Return the columns of the order, without the id."""
    return LISTED_BY[wanted.sort][:-1]
