"""The links between sessions, as whoever looks may know of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from accounts.viewer import Viewer
from sessions.models import Session, SessionLink

MOST = 200
"""Links that are shown of a session, the newest."""

_Row = tuple[UUID, str, str, datetime]


class Between(NamedTuple):
    """A link from one session to another; `target` is the row id where that one is here, else what was written."""

    session: str
    target: str
    kind: str
    at: datetime


def of_session(viewer: Viewer, row: UUID, hail_id: str, owner: UUID | None) -> list[Between]:
    """Return the newest links in both directions. Sessions that `viewer` does not find in lists are not told of."""
    links = list(_touching(row, hail_id))
    if not links:
        return []
    rows, names = _known(viewer, links, owner)
    return [
        Between(str(session), str(row) if session != row else names.get(target, target), kind, at)
        for session, target, kind, at in links
        if session == row or session in rows
    ]


def _touching(row: UUID, hail_id: str) -> Iterator[_Row]:
    links = SessionLink.objects.filter(Q(session=row) | Q(target__in=[str(row), hail_id])).order_by("-pk")[:MOST]
    for session, target, kind, at in links.values_list("session_id", "target", "kind", "created_at"):
        yield session, target, kind if kind in SessionLink.Kind.values else SessionLink.Kind.HANDOFF.value, at


def _known(viewer: Viewer, links: Sequence[_Row], owner: UUID | None) -> tuple[set[UUID], dict[str, str]]:
    """Return which sessions of links are here, and the row ids of HAIL ids. Of several, one of the same owner."""
    is_named = Q(pk__among={session for session, *_ in links}) | Q(hail_id__in={target for _, target, *_ in links})
    visible = Session.objects.visible_to(viewer).filter(is_named).order_by("indexed_at", "pk")
    found = sorted(visible.values_list("pk", "hail_id", "owner"), key=lambda each: each[2] == owner)
    return {row for row, *_ in found}, {hail_id: str(row) for row, hail_id, _ in found}
