"""What readers tell the moderators."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.viewer import viewer_of
from sessions import moderation
from sessions.access import reader_of, session_read
from sessions.forms import ReportForm
from sessions.models import Session
from sessions.pages.texts import heading


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, pk: UUID) -> HttpResponse:
    session = session_read(request, pk)
    if session.origin != Session.Origin.UPLOADED:
        raise Http404
    form = ReportForm(request.POST if request.method == "POST" else None)
    context = {"session": session, "title": heading(session.title, 90) or "Untitled Session", "form": form}
    if request.method != "POST":
        return render(request, "sessions/report.html", context)
    if not form.is_valid():
        return render(request, "sessions/report.html", context, status=422)
    try:
        _, is_new = moderation.report(
            session=session,
            reporter=viewer_of(request).user,
            reader=reader_of(request),
            reason=form.cleaned_data["reason"],
            words=form.cleaned_data["words"],
            now=timezone.now(),
        )
    except moderation.TooManyReports:
        form.add_error(None, "You have reported much within an hour. Please try again later.")
        return render(request, "sessions/report.html", context, status=429)
    return render(request, "sessions/report.html", {**context, "is_sent": True, "is_new": is_new})
