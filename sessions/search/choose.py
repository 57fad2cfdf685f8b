"""Parts of lists in the orders of `LISTED_BY`, which programs ask for: chosen by columns, and by what is said."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from sessions.models import Session
from sessions.querysets import LISTED_BY, SessionQuerySet
from sessions.search import candidates, totals
from sessions.search.grammar import Malformed, Query
from sessions.search.latest import Found, latest
from sessions.search.limits import LIMITS, Limits
from sessions.search.request import SessionSearch
from sessions.search.scope import Scope

if TYPE_CHECKING:
    from accounts.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sessions, and which part of them. It begins behind the session with the values of `place`, if any.

    `name` names the condition: totals are kept under it for a while.
    """

    condition: Q
    sort: str
    text: str = ""
    place: tuple[Any, ...] = ()
    offset: int = 0
    size: int = 20
    name: Hashable = None


class Part(NamedTuple):
    """The sessions, one more than is wanted where others follow; and how many there are in all.

    They are in order, but where `rows` tells which row of the index each came by: those with the highest come first,
    and what follows has that row as its place.
    """

    sessions: SessionQuerySet
    total: int
    is_estimate: bool
    rows: Mapping[UUID, int] = {}


def choose(viewer: Viewer, wanted: Wanted, *, now: datetime, limits: Limits = LIMITS) -> Part:
    """Return what `viewer` finds in lists. What `text` is no search for is looked for in what is told of sessions."""
    visible = Session.objects.visible_to(viewer)
    told = visible.filter(wanted.condition)
    if not wanted.text:
        return _listed(viewer, told, wanted, limits, now)
    search = SessionSearch(search=wanted.text)
    try:
        query, matching = search.query(now), visible.matching(search, now).filter(wanted.condition)
    except Malformed:
        return _told(told, wanted, limits)
    if not query.is_about_events:
        return _listed(viewer, matching, wanted, limits, now)
    part = _said(viewer, query, Scope(visible, matching, limits), wanted)
    if part.total:
        return part
    return _told(told, wanted, limits, is_cut=part.is_estimate)


def _listed(viewer: Viewer, matching: SessionQuerySet, wanted: Wanted, limits: Limits, now: datetime) -> Part:
    walked, by_id = matching.primary(), matching.filter(is_auxiliary=False)
    name = wanted.name and (viewer.name, wanted.name)
    return Part(_part(walked, wanted), *totals.total(walked, by_id, limits, of=name, now=now))


def _said(viewer: Viewer, query: Query, scope: Scope, wanted: Wanted) -> Part:
    # What was indexed on this machine, which the operator sees, lies in the index in no order of time.
    if viewer.is_operator or query.checks or not query.words.all_of:
        return _gathered(query, scope, wanted)
    found = latest(query, scope, partial(_is_enough, wanted))
    if found.is_cut and len(found.found) < scope.limits.enough:
        # Nearly all that holds these words is not to be shown. What is, is looked into for them.
        return _gathered(query, scope, wanted)
    if wanted.sort != "recent":
        return _found(found.found, wanted, found.total, is_estimate=found.is_estimate)
    page = dict(_behind(found.found, wanted)[wanted.offset : wanted.offset + wanted.size + 1])
    return Part(_of(page).order_by(), found.total, found.is_estimate, page)


def _is_enough(wanted: Wanted, found: Found) -> bool:
    return wanted.sort == "recent" and len(_behind(found, wanted)) > wanted.offset + wanted.size


def _behind(found: Found, wanted: Wanted) -> list[tuple[UUID, int]]:
    """Return what comes behind the place that is wanted, which is a row here. Behind one of another list, nothing."""
    match wanted.place:
        case ():
            return list(found.items())
        case (int(place),):
            return [(session, row) for session, row in found.items() if row < place]
    return []


def _gathered(query: Query, scope: Scope, wanted: Wanted) -> Part:
    gathered = candidates.gather(query, scope)
    return _found(gathered.found, wanted, len(gathered.found), is_estimate=not gathered.is_all)


def _told(matching: SessionQuerySet, wanted: Wanted, limits: Limits, *, is_cut: bool = False) -> Part:
    """Look for any text, also within words, in titles, descriptions and tags of the newest sessions."""
    newest = matching.primary().recent().values("pk")[: limits.told]
    sessions = Session.objects.annotate(spelt_tags=Cast("tags", TextField())).filter(pk__in=newest)
    text = wanted.text
    told = Q(title__icontains=text) | Q(description__icontains=text) | Q(spelt_tags__icontains=text)
    found = list(sessions.filter(told).order_by().values_list("pk", flat=True)[: limits.told])
    return _found(found, wanted, len(found), is_estimate=is_cut or len(found) == limits.told)


def _found(sessions: Collection[UUID], wanted: Wanted, total: int, *, is_estimate: bool) -> Part:
    return Part(_part(_of(sessions), wanted), total, is_estimate)


def _of(sessions: Collection[UUID]) -> SessionQuerySet:
    return Session.objects.filter(pk__among=sessions) if sessions else Session.objects.none()


def _part(sessions: SessionQuerySet, wanted: Wanted) -> SessionQuerySet:
    behind = sessions
    if wanted.place:
        is_of_list = len(wanted.place) == len(LISTED_BY[wanted.sort])
        behind = sessions.listed_after(wanted.sort, wanted.place) if is_of_list else sessions.none()
    return behind.listed_by(wanted.sort)[wanted.offset : wanted.offset + wanted.size + 1]
