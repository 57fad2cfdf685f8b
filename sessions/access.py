"""Rights: the row, or the same 404 for what does not exist and what one may not see."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils.crypto import salted_hmac

from accounts.throttling import address_of
from accounts.viewer import Viewer, viewer_of
from sessions.models import Session, ShareLink
from sessions.sharing import digest


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
    """Return the session, when whoever asks may change it. Raises PermissionDenied where they only read, or Http404."""
    session = session_read(request, pk)
    if not owns(viewer_of(request), session):
        raise PermissionDenied
    return session


def owns(viewer: Viewer, session: Session) -> bool:
    """Tell whether a session is the viewer's own. Moderators hide and remove in the admin site, nothing else."""
    if viewer.is_operator and session.origin == Session.Origin.INDEXED:
        return True
    return viewer.user is not None and viewer.user.pk == session.owner_id


def link_owned(request: HttpRequest, pk: UUID) -> ShareLink:
    """Return the link to a session that whoever asks may change. Raises Http404 and PermissionDenied."""
    link: ShareLink | None = ShareLink.objects.select_related("session").filter(pk=pk).first()
    if link is None:
        raise Http404
    session_owned(request, link.session_id)
    return link


def link_read(token: str, now: datetime) -> ShareLink:
    """Return the link that this token opens. Raises Http404, for unknown, expired and revoked ones alike."""
    live = ShareLink.objects.live(now).select_related("session")
    link: ShareLink | None = live.filter(token_sha256=digest(token)).first()
    if link is None:
        raise Http404
    return link


def reader_of(request: HttpRequest) -> str:
    """Return what tells one reader from another and names nobody: a keyed hash of the account, or of the address."""
    user = viewer_of(request).user
    identity = f"user {user.pk}" if user else f"address {address_of(request) or ''}"
    return salted_hmac("sessions.reader", identity, algorithm="sha256").hexdigest()
