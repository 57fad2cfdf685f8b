"""Every read of sessions starts here: `Session.objects.visible_to(viewer).matching(search, now)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db import connections, models
from django.db.models import Exists, F, Func, OuterRef, Q, Value
from django.db.models.lookups import GreaterThanOrEqual, LessThan

from sessions import lookups as lookups

if TYPE_CHECKING:
    from accounts.viewer import Viewer
    from sessions.search import SessionSearch

ORDERS: Mapping[str, str] = {"recent": "updated_at", "popular": "message_count", "longest": "duration_seconds"}
"""What each sort sorts by, the greatest first. Rows that are equal in it go by id."""

LISTED_BY: Mapping[str, tuple[str, ...]] = {
    "recent": ("created_at", "id"),
    "popular": ("message_count", "created_at", "id"),
    "longest": ("duration_seconds", "created_at", "id"),
}
"""The same sorts as the API promises them: where sessions are equal, the one that began later comes first."""

_FILTERS: Mapping[str, Callable[[Any], Q]] = {
    "tool": lambda value: Q(tool=value.lower()),
    "repo": lambda value: Q(repo__icontains=value),
    "branch": lambda value: Q(branch__icontains=value),
    "model": lambda value: Q(model__icontains=value),
    "author": lambda value: Q(owner__nickname__iexact=value.lstrip("@")),
    "is": lambda value: Q(has_errors=True),
    "after": lambda value: Q(updated_at__gte=value),
    "before": lambda value: Q(created_at__lt=value),
}


_TOOLS = """
WITH RECURSIVE found (tool) AS (
    SELECT min(tool) FROM ai_sessions_session WHERE is_auxiliary = %s
    UNION ALL
    SELECT (SELECT min(tool) FROM ai_sessions_session WHERE is_auxiliary = %s AND tool > found.tool)
    FROM found WHERE found.tool IS NOT NULL
)
SELECT tool FROM found WHERE tool IS NOT NULL
"""


class SessionQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, viewer: Viewer) -> Self:
        """Keep what `viewer` finds in lists: the operator of this machine finds what was indexed on it.

        Of a session that was indexed here and uploaded too, the operator finds the indexed one alone.
        """
        # Django writes `False` as `NOT is_hidden`, for which SQLite does not use an index.
        shown = self.filter(is_hidden__in=[False])
        if viewer.is_operator:
            # The test for a twin stands last: for what was indexed, which is nearly all, it is not made.
            twin = self.model.objects.filter(published=OuterRef("pk"), is_hidden=False)
            return shown.filter(_own(viewer) | Q(_feed(viewer), ~Exists(twin)))
        return shown.filter(_own(viewer) | _feed(viewer))

    def readable_by(self, viewer: Viewer) -> Self:
        """Keep what `viewer` may open: also what is unlisted, and to moderators all of it."""
        if viewer.is_moderator:
            return self.all()
        shown = Q(is_hidden=False) & Q(visibility__in=["public", "unlisted"])
        return self.filter(shown | _own(viewer))

    def tools(self) -> list[str]:
        """Return the tools that sessions in lists are of, in order of their id: one step through an index for each."""
        with connections[self.db].cursor() as cursor:
            cursor.execute(_TOOLS, [False, False])
            return [row[0] for row in cursor.fetchall()]

    def primary(self) -> Self:
        """Leave out the sessions that are shown in their parent."""
        # Django writes `False` as `NOT is_auxiliary`, for which SQLite does not use an index.
        return self.filter(is_auxiliary__in=[False])

    def within(self, folder: str) -> Self:
        """Keep what was worked on in `folder` or below it."""
        below = folder.rstrip("/") + "/"
        # `0` follows `/`, so these are the paths that begin with the folder, whatever their case.
        first, stop = GreaterThanOrEqual(_Bytes("cwd"), below), LessThan(_Bytes("cwd"), below[:-1] + "0")
        return self.filter(Q(cwd=folder) | (Q(first) & Q(stop)))

    def matching(self, search: SessionSearch, now: datetime) -> Self:
        """Keep what fits the tool, the time range and the filters of `search`. Words are for `sessions.search.find`.

        Raises Malformed.
        """
        fitting = self
        for one in search.query(now).filters:
            condition = _FILTERS[one.key](one.value)
            fitting = fitting.exclude(condition) if one.is_negated else fitting.filter(condition)
        return fitting

    def recent(self) -> Self:
        return self.sorted_by("recent")

    def popular(self) -> Self:
        return self.sorted_by("popular")

    def longest(self) -> Self:
        return self.sorted_by("longest")

    def sorted_by(self, sort: str) -> Self:
        return self.order_by(f"-{ORDERS[sort]}", "-id")

    def after(self, sort: str, value: Any, row: UUID) -> Self:
        """Keep what `sort` puts behind the session `row`, which has this value in it."""
        key, identity = self.model._meta.get_field(ORDERS[sort]), self.model._meta.pk
        # As one comparison of pairs, SQLite starts in the index at that place instead of walking up to it.
        return self.filter(LessThan(_pair(F(key.name), F("pk")), _pair(Value(value, key), Value(row, identity))))

    def listed_by(self, sort: str) -> Self:
        return self.order_by(*(f"-{name}" for name in LISTED_BY[sort]))

    def listed_after(self, sort: str, place: Sequence[Any]) -> Self:
        """Keep what `listed_by` puts behind the session with these values."""
        keys = [self.model._meta.get_field(name) for name in LISTED_BY[sort]]
        values = [Value(value, key) for value, key in zip(place, keys, strict=True)]
        return self.filter(LessThan(_pair(*(F(key.name) for key in keys)), _pair(*values)))


class ShareLinkQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def live(self, now: datetime) -> Self:
        """Keep the links that open something: not revoked or expired, of a session and by a person not shut out."""
        is_running = Q(expires_at=None) | Q(expires_at__gt=now)
        has_creator = Q(creator=None) | Q(creator__is_active=True)
        return self.filter(is_running, has_creator, revoked_at=None, session__is_hidden=False)


class _Bytes(Func):
    """A text that compares by its code points. PostgreSQL compares as people sort, unless it is told otherwise."""

    template = "%(expressions)s"

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template='%(expressions)s COLLATE "C"', **context)


def _feed(viewer: Viewer) -> Q:
    return Q(visibility="public") if viewer.sees_feed else Q(pk__in=[])


def _own(viewer: Viewer) -> Q:
    if viewer.is_operator:
        return Q(origin="indexed")
    return Q(owner=viewer.user) if viewer.user else Q(pk__in=[])


def _pair(*parts: F | Value) -> Func:
    return Func(*parts, template="(%(expressions)s)", output_field=models.BooleanField())
