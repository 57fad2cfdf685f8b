"""Rights: the row, or the same 404 for what does not exist and what one may not see."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from accounts.viewer import viewer_of
from sessions.models import Session


def session_read(request: HttpRequest, pk: UUID) -> Session:
    """Return the session, when whoever asks may read it. Raises Http404."""
    session: Session | None = Session.objects.readable_by(viewer_of(request)).filter(pk=pk).first()
    if session is None:
        raise Http404
    return session


def sessions_read(request: HttpRequest, ids: Iterable[str]) -> list[Session]:
    """Return the sessions in the order of their ids. Raises Http404 when there is one that may not be read."""
    try:
        keys = list(dict.fromkeys(map(UUID, ids)))
    except ValueError as error:
        raise Http404 from error
    found = Session.objects.readable_by(viewer_of(request)).in_bulk(keys)
    if len(found) < len(keys):
        raise Http404
    return [found[key] for key in keys]


def session_owned(request: HttpRequest, pk: UUID) -> Session:
    """Return the session, when whoever asks may remove it: the owner, a moderator, the operator what was indexed here.

    Raises Http404 for what they may not read, PermissionDenied for what they may only read.
    """
    session, viewer = session_read(request, pk), viewer_of(request)
    is_own = viewer.user is not None and session.owner_id == viewer.user.pk
    is_of_this_machine = viewer.is_operator and session.origin == Session.Origin.INDEXED
    if not (is_own or is_of_this_machine or viewer.is_moderator):
        raise PermissionDenied("Only its owner may do that.")
    return session
