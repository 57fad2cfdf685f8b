"""Choose sessions by what is said in them, for lists that have an order of their own."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from sessions.models import Session
from sessions.querysets import SessionQuerySet
from sessions.search import candidates, totals
from sessions.search.grammar import Malformed
from sessions.search.limits import LIMITS, Limits
from sessions.search.request import SessionSearch
from sessions.search.scope import Scope

if TYPE_CHECKING:
    from accounts.viewer import Viewer


class Chosen(NamedTuple):
    """The same sessions twice: `walked` for walking through an index of an order, `by_id` for looking up ids.

    `is_all` tells whether the search got to the end; `is_many`, whether counting them has to be bounded.
    """

    walked: SessionQuerySet
    by_id: SessionQuerySet
    is_all: bool = True
    is_many: bool = True

    def narrowed(self, condition: Q) -> Chosen:
        return self._replace(walked=self.walked.filter(condition), by_id=self.by_id.filter(condition))

    def with_content(self) -> Chosen:
        return self._replace(walked=self.walked.with_content(), by_id=self.by_id.with_content())

    def total(self, limits: Limits = LIMITS) -> tuple[int, bool]:
        """Return the number of sessions, and whether it is an estimate."""
        if not self.is_many:
            return self.by_id.count(), not self.is_all
        return totals.total(self.walked, self.by_id, limits)


def everything(viewer: Viewer) -> Chosen:
    """Choose all that `viewer` finds in lists."""
    visible = Session.objects.visible_to(viewer)
    return Chosen(visible.primary(), visible.filter(is_auxiliary=False))


def about(viewer: Viewer, text: str, *, now: datetime, limits: Limits = LIMITS) -> Chosen:
    """Choose the sessions that `text` finds: by the grammar, else as a part of title, description or tags."""
    visible = Session.objects.visible_to(viewer)
    search = SessionSearch(search=text)
    try:
        query, matching = search.query(now), visible.matching(search, now)
    except Malformed:
        return _containing(viewer, text, limits)
    scope = Scope(visible, matching, search.sort, limits)
    if not query.is_about_events:
        return Chosen(scope.chosen, scope.chosen_by_id)
    gathered = candidates.gather(query, scope)
    if not gathered.found:
        return _containing(viewer, text, limits)
    return _of(visible.filter(pk__in=[key.row for key in gathered.found]), gathered.is_all)


def _containing(viewer: Viewer, text: str, limits: Limits) -> Chosen:
    """Look for any text, also within words, in what is told of the newest sessions."""
    newest = everything(viewer).walked.recent().values("pk")[: limits.counted]
    spelt = Session.objects.annotate(spelt_tags=Cast("tags", TextField()))
    told = Q(title__icontains=text) | Q(description__icontains=text) | Q(spelt_tags__icontains=text)
    rows = spelt.filter(told, pk__in=newest).values_list("pk", flat=True)[: limits.few]
    return _of(Session.objects.filter(pk__in=list(rows)), is_all=len(rows) < limits.few)


def _of(found: SessionQuerySet, is_all: bool) -> Chosen:
    by_id = found.filter(is_auxiliary=False)
    return Chosen(by_id, by_id, is_all, is_many=False)
