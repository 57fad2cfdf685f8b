"""The links between sessions, as whoever looks may know of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from accounts.viewer import Viewer
from sessions.models import Session, SessionLink
from sessions.querysets import SessionQuerySet

MOST = 200
"""Links that are shown in either direction, the newest."""


class Between(NamedTuple):
    """A link from one session to another; `target` is the row id where that one is here, else what was written."""

    session: str
    target: str
    kind: str
    at: datetime


def of_session(viewer: Viewer, row: UUID, hail_id: str, owner: UUID | None) -> list[Between]:
    """Return the links in both directions, the oldest first. Sessions that `viewer` does not find are not told of."""
    visible = Session.objects.visible_to(viewer)
    going = list(_newest(SessionLink.objects.filter(session=row)))
    named = _named(visible, [target for _, target, _, _ in going], owner)
    coming = _newest(SessionLink.objects.filter(target__in=[str(row), hail_id], session__in=visible.values("pk")))
    links = [Between(str(session), named.get(target, target), kind, at) for session, target, kind, at in going]
    links += [Between(str(session), str(row), kind, at) for session, _, kind, at in coming if session != row]
    return sorted(links, key=lambda link: (link.at, link.session, link.target))


def _newest(links: QuerySet[SessionLink]) -> Iterator[tuple[UUID, str, str, datetime]]:
    rows = links.order_by("-pk").values_list("session_id", "target", "kind", "created_at")[:MOST]
    for session, target, kind, at in rows:
        yield session, target, kind if kind in SessionLink.Kind.values else SessionLink.Kind.HANDOFF.value, at


def _named(visible: SessionQuerySet, targets: Sequence[str], owner: UUID | None) -> dict[str, str]:
    """Return the row id of each target that is here. Of several with the same HAIL id, one of the same owner."""
    if not targets:
        return {}
    rows = visible.filter(hail_id__in=targets).order_by("indexed_at", "pk").values_list("hail_id", "pk", "owner")
    ranked = sorted(rows, key=lambda row: row[2] == owner)
    return {hail_id: str(row) for hail_id, row, _ in ranked}
