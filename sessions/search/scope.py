"""Which sessions a search may show, and under which of them a hit is shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sessions.fulltext import Hit
from sessions.querysets import ORDERS, SessionQuerySet
from sessions.search.cursor import Cursor
from sessions.search.limits import Limits

Grouped = dict[Cursor, list[Hit]]
"""Hits by the place of their session in the list."""


class Scope(NamedTuple):
    """`visible` are the sessions whose events may be read, `matching` those of them that the filters let through.

    What is shown is sorted by `sort`, or by the columns `by`.
    """

    visible: SessionQuerySet
    matching: SessionQuerySet
    sort: str
    limits: Limits
    by: Sequence[str] = ()

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
        keys = self._keys(self.chosen_by_id.filter(pk__among=sessions))
        if others := sessions - keys.keys():
            keys |= self._of_parents(others)
        return group(hits, keys)

    def _of_parents(self, helpers: set[UUID]) -> dict[UUID, Cursor]:
        """Return the places of the sessions that show those of `helpers` that are some."""
        rows = self.visible.filter(pk__among=helpers, is_auxiliary=True, parent__isnull=False)
        shown_in = dict(rows.values_list("pk", "parent"))
        keys = self._keys(self.chosen_by_id.filter(pk__among=set(shown_in.values()))) if shown_in else {}
        return {helper: keys[parent] for helper, parent in shown_in.items() if parent in keys}

    def newest(self, limit: int) -> dict[UUID, Cursor]:
        """Return the newest sessions to show by id."""
        return self._keys(self.chosen.recent()[:limit])

    def with_helpers(self, keys: Mapping[UUID, Cursor]) -> dict[UUID, Cursor]:
        """Return the sessions and those of their helpers, which are shown in them."""
        helpers = self.visible.filter(parent__among=keys, is_auxiliary=True).values_list("pk", "parent")
        return {**keys, **{helper: keys[parent] for helper, parent in helpers}}

    def _keys(self, sessions: SessionQuerySet) -> dict[UUID, Cursor]:
        rows = sessions.values_list("pk", *(self.by or [ORDERS[self.sort]]))
        return {row[0]: Cursor.of(*row) for row in (rows if rows.query.is_sliced else rows.order_by())}


def group(hits: Iterable[Hit], keys: Mapping[UUID, Cursor]) -> Grouped:
    grouped: Grouped = defaultdict(list)
    for hit in hits:
        if hit.session in keys:
            grouped[keys[hit.session]].append(hit)
    return dict(grouped)
