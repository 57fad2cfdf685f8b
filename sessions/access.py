"""Rights: the row, or the same 404 for what does not exist and what one may not see."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest

from accounts.viewer import viewer_of
from sessions.models import Session


def session_read(request: HttpRequest, pk: UUID) -> Session:
    """Return the session, when whoever asks may read it. Raises Http404."""
    session: Session | None = Session.objects.readable_by(viewer_of(request)).filter(pk=pk).first()
    if session is None:
        raise Http404
    return session
