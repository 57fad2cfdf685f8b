"""Parts of lists in the orders of `LISTED_BY`, which programs ask for: chosen by columns, and by what is said."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from sessions.models import Session
from sessions.querysets import SessionQuerySet
from sessions.search import candidates, totals
from sessions.search.grammar import Malformed, Query
from sessions.search.latest import Latest, latest
from sessions.search.limits import LIMITS, Limits
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


def choose(viewer: Viewer, wanted: Wanted, *, now: datetime, limits: Limits = LIMITS) -> Part:
    """Return what `viewer` finds in lists. What `text` is no search for is looked for in what is told of sessions."""
    visible = Session.objects.visible_to(viewer)
    if not wanted.text:
        return _listed(visible.filter(wanted.condition), wanted, limits, (viewer, wanted.condition), now)
    search = SessionSearch(search=wanted.text)
    try:
        query, matching = search.query(now), visible.matching(search, now).filter(wanted.condition)
    except Malformed:
        return _told(visible.filter(wanted.condition), wanted, limits)
    if not query.is_about_events:
        return _listed(matching, wanted, limits, (viewer, wanted.condition, wanted.text), now)
    found = _said(viewer, query, Scope(visible, matching, limits), wanted)
    return _found(found, wanted) if found.sessions else _told(visible.filter(wanted.condition), wanted, limits)


def _said(viewer: Viewer, query: Query, scope: Scope, wanted: Wanted) -> Latest:
    # What was indexed on this machine, which the operator sees, lies in the index in no order of time.
    if viewer.is_operator or query.checks or not query.words.all_of:
        gathered = candidates.gather(query, scope)
        return Latest(gathered.found, len(gathered.found), not gathered.is_all)
    return latest(query, scope, partial(_is_full, wanted))


def _is_full(wanted: Wanted, sessions: Collection[UUID]) -> bool:
    """Tell whether these are enough for the part that is wanted, if those that follow came before them."""
    if wanted.sort != "recent":
        return False
    if wanted.place:
        return _part(Session.objects.filter(pk__among=sessions), wanted).count() > wanted.size
    return len(sessions) > wanted.offset + wanted.size


def _listed(matching: SessionQuerySet, wanted: Wanted, limits: Limits, of: Hashable, now: datetime) -> Part:
    walked, by_id = matching.primary(), matching.filter(is_auxiliary=False)
    return Part(_part(walked, wanted), *totals.total(walked, by_id, limits, of=of, now=now))


def _told(matching: SessionQuerySet, wanted: Wanted, limits: Limits) -> Part:
    """Look for any text, also within words, in titles, descriptions and tags of the newest sessions."""
    newest = matching.primary().recent().values("pk")[: limits.told]
    sessions = Session.objects.annotate(spelt_tags=Cast("tags", TextField())).filter(pk__in=newest)
    text = wanted.text
    told = Q(title__icontains=text) | Q(description__icontains=text) | Q(spelt_tags__icontains=text)
    found = list(sessions.filter(told).order_by().values_list("pk", flat=True)[: limits.told])
    return _found(Latest(found, len(found), len(found) == limits.told), wanted)


def _found(found: Latest, wanted: Wanted) -> Part:
    return Part(_part(Session.objects.filter(pk__among=found.sessions), wanted), found.total, found.is_estimate)


def _part(sessions: SessionQuerySet, wanted: Wanted) -> SessionQuerySet:
    behind = sessions.listed_after(wanted.sort, wanted.place) if wanted.place else sessions
    return behind.listed_by(wanted.sort)[wanted.offset : wanted.offset + wanted.size + 1]
