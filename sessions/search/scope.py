"""Which sessions a search may show, and under which of them a hit is shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sessions.fulltext import Hit
from sessions.querysets import SessionQuerySet
from sessions.search.limits import Limits

Grouped = dict[UUID, list[Hit]]
"""Hits by the session that shows them."""


class Scope(NamedTuple):
    """`visible` are the sessions whose events may be read, `matching` those of them that the filters let through."""

    visible: SessionQuerySet
    matching: SessionQuerySet
    limits: Limits

    @property
    def chosen(self) -> SessionQuerySet:
        """The sessions to show, for walking through them in an order."""
        return self.matching.primary()

    @property
    def chosen_by_id(self) -> SessionQuerySet:
        """The sessions to show, for looking some of them up: SQLite takes no other index than that of ids."""
        return self.matching.filter(is_auxiliary=False)

    def grouped(self, hits: Sequence[Hit]) -> Grouped:
        """Group hits by the session that shows them; those that may not be shown are left out."""
        sessions = {hit.session for hit in hits}
        return group(hits, self.shown_in(sessions, sessions))

    def shown_in(self, sessions: set[UUID], helpers: set[UUID]) -> dict[UUID, UUID]:
        """Return by which session each of these is shown, without those that may not be shown.

        `helpers` are those of them that may be shown in their parent.
        """
        shown_in = {session: session for session in self._chosen_of(sessions)}
        if others := helpers - shown_in.keys():
            shown_in |= self._of_parents(others)
        return shown_in

    def _of_parents(self, helpers: set[UUID]) -> dict[UUID, UUID]:
        """Return the sessions that show those of `helpers` that are some."""
        rows = self.visible.filter(pk__among=helpers, is_auxiliary=True, parent__isnull=False)
        parents = dict(rows.order_by().values_list("pk", "parent"))
        chosen = self._chosen_of(set(parents.values())) if parents else set()
        return {helper: parent for helper, parent in parents.items() if parent in chosen}

    def newest(self, limit: int) -> list[UUID]:
        """Return the newest sessions to show."""
        return list(self.chosen.recent().values_list("pk", flat=True)[:limit])

    def with_helpers(self, sessions: Sequence[UUID]) -> dict[UUID, UUID]:
        """Return by which of these sessions each of them and of their helpers is shown."""
        helpers = self.visible.filter(parent__among=sessions, is_auxiliary=True).order_by()
        return {session: session for session in sessions} | dict(helpers.values_list("pk", "parent"))

    def _chosen_of(self, sessions: set[UUID]) -> set[UUID]:
        return set(self.chosen_by_id.filter(pk__among=sessions).order_by().values_list("pk", flat=True))


def group(hits: Iterable[Hit], shown_in: Mapping[UUID, UUID]) -> Grouped:
    grouped: Grouped = defaultdict(list)
    for hit in hits:
        if hit.session in shown_in:
            grouped[shown_in[hit.session]].append(hit)
    return dict(grouped)
