"""Find sessions: pages of lists straight from the index rows, and what full-text search gives, grouped by session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sessions.fulltext import Hit
from sessions.models import Session, Strand
from sessions.querysets import ORDERS, SessionQuerySet
from sessions.search import candidates, totals
from sessions.search.cursor import Cursor, decode, encode
from sessions.search.grammar import Malformed, Query, parse
from sessions.search.limits import LIMITS, Limits
from sessions.search.reading import read
from sessions.search.request import SessionSearch
from sessions.search.scope import Scope
from sessions.search.snippets import Snippet, snippet

if TYPE_CHECKING:
    from accounts.viewer import Viewer

PAGE = 20
SNIPPETS = 3
"""Passages per session."""

_ANY_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of sessions. `next` is the `after` of the following page, or empty.

    `problem` says why the search cannot be understood; `note` how far it got where it did not get to the end.
    """

    sessions: Sequence[Session] = ()
    next: str = ""
    total: int = 0
    total_is_estimate: bool = False
    snippets: Mapping[UUID, Sequence[Snippet]] = field(default_factory=dict)
    problem: str = ""
    note: str = ""


def find(
    viewer: Viewer,
    search: SessionSearch,
    *,
    now: datetime,
    size: int = PAGE,
    offset: int = 0,
    limits: Limits = LIMITS,
) -> Found:
    """Return a page of the sessions that `viewer` may read. `offset` sessions are left out behind `search.after`."""
    visible = Session.objects.visible_to(viewer)
    try:
        query = search.query(now)
        scope = Scope(visible, visible.matching(search, now), limits)
    except Malformed as malformed:
        return Found(problem=str(malformed))
    page = _Page(search.sort, decode(search.after, search.sort), offset, size)
    if query.is_about_events:
        return _searched(query, scope, page)
    rows, after = page.of(scope.chosen)
    name = (viewer.name, replace(search, after="", sort="recent", layout="list"))
    total, is_estimate = totals.total(scope.chosen, scope.chosen_by_id, limits, of=name, now=now)
    return Found(rows, after, total, is_estimate)


def events_matching(strand: Strand, text: str) -> list[int]:
    """Return the numbers of a strand's events that `text` finds, in order. Filters of sessions count for nothing."""
    try:
        query = parse(text, _ANY_MOMENT)
    except Malformed:
        return []
    return candidates.of_strand(query, strand) if query.is_about_events else []


def tools_in_use(viewer: Viewer) -> list[str]:
    """Return the tools of the sessions in lists, by name. Asks once per tool, whatever the number of sessions."""
    listed = Session.objects.visible_to(viewer).primary().order_by("tool").values_list("tool", flat=True)
    tools: list[str] = []
    while tool := listed.filter(tool__gt=tools[-1] if tools else "").first():
        tools.append(tool)
    return tools


@dataclass(frozen=True, slots=True)
class _Page:
    sort: str
    cursor: Cursor | None
    offset: int
    size: int

    def of(self, sessions: SessionQuerySet) -> tuple[Sequence[Session], str]:
        """Return what is on the page, and the cursor behind it where others follow."""
        behind = sessions.after(self.sort, *self.cursor) if self.cursor else sessions
        ordered = behind.sorted_by(self.sort).select_related("owner")
        rows = list(ordered[self.offset : self.offset + self.size + 1])
        if len(rows) <= self.size:
            return rows, ""
        last = rows[self.size - 1]
        return rows[: self.size], encode(Cursor(getattr(last, ORDERS[self.sort]), last.pk))


def _searched(query: Query, scope: Scope, page: _Page) -> Found:
    gathered = candidates.gather(query, scope)
    rows, after = page.of(Session.objects.filter(pk__among=gathered.found))
    return Found(
        sessions=rows,
        next=after,
        total=len(gathered.found),
        total_is_estimate=not gathered.is_all,
        snippets=_snippets({row.pk: gathered.found[row.pk] for row in rows}, gathered.query),
        note=gathered.note,
    )


def _snippets(hits: Mapping[UUID, Sequence[Hit]], query: Query) -> dict[UUID, tuple[Snippet, ...]]:
    chosen = {row: [hit for hit in own if hit.number >= 0][:SNIPPETS] for row, own in hits.items()}
    events = read([hit for own in chosen.values() for hit in own])
    return {row: tuple(snippet(hit, events[hit], query) for hit in own if hit in events) for row, own in chosen.items()}
