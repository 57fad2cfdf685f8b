from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.viewer import viewer_of
from handoff.artifact import JSON
from handoff.errors import HandoffError
from sessions import bodies, live
from sessions.access import session_read, sessions_read
from sessions.htmx import HtmxRequest, private, push_url, render_page, render_part
from sessions.models import Session
from sessions.pages.detail import NoStrand, SessionDetailPage
from sessions.pages.handoff import MOST_SESSIONS, HandoffPage
from sessions.pages.landing import LandingPage
from sessions.pages.listing import SessionListPage
from sessions.pages.place import Place, located
from sessions.pages.timeline import WINDOW
from sessions.search import SessionSearch

_DETAIL_PARTS = {"rows": "sessions/_more.html", "lane": "sessions/_lane.html", "live": "sessions/_live.html"}
_LIST_PARTS = {"rows": "sessions/_more_cards.html"}
_DOWNLOADS = {"json": ("application/json", "json"), "markdown": ("text/markdown; charset=utf-8", "md")}
LANDING = "sessions/landing.html"
_UNSAFE_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


@require_safe
def home(request: HtmxRequest) -> HttpResponse:
    """Show the sessions; to a stranger at a server, first what this is."""
    viewer = viewer_of(request)
    if viewer.user or viewer.is_operator:
        return session_list(request)
    return render_part(request, LANDING, LANDING, {"page": LandingPage(viewer, timezone.now())})


@require_safe
def session_list(request: HtmxRequest) -> HttpResponse:
    page = SessionListPage(viewer_of(request), SessionSearch.from_query(request.GET), timezone.now())
    if not request.htmx and page.spells_out_defaults(request.GET.dict()):
        return redirect(page.url)
    part = _LIST_PARTS.get(request.GET.get("part", ""), "sessions/_list.html")
    context = {"page": page, "takes_uploads": settings.OPENSESSION_PROFILE != "worker"}
    response = render_part(request, "sessions/list.html", part, context)
    return response if "part" in request.GET else push_url(response, request, page.url)


@require_safe
def session_detail(request: HtmxRequest, pk: UUID) -> HttpResponse:
    session = session_read(request, pk)
    page = _detail_page(request, session, Place.from_query(request.GET.dict()))
    part = _DETAIL_PARTS.get(request.GET.get("part", ""), "sessions/_timeline.html")
    response = render_part(request, "sessions/detail.html", part, {"page": page})
    return response if "part" in request.GET else push_url(response, request, page.url + page.place.query())


@require_safe
def event(request: HtmxRequest, pk: UUID, strand: str, number: int) -> HttpResponse:
    """Open the window around an event. Its id, when given, finds it where a better parser has put it."""
    session = session_read(request, pk)
    found = located(session, strand, number, request.GET.get("id", ""))
    if found is None:
        raise Http404
    page = _detail_page(request, session, Place(strand=strand, first=max(0, found - WINDOW // 5)), found)
    part = "sessions/_row.html" if request.GET.get("part") == "row" else "sessions/_timeline.html"
    return render_part(request, "sessions/detail.html", part, {"page": page, "row": page.target_row, "is_page": True})


@require_safe
def session_raw(request: HtmxRequest, pk: UUID) -> StreamingHttpResponse:
    """Download the session as HAIL."""
    session = session_read(request, pk)
    try:
        lines = bodies.raw(session)
    except bodies.BodyMissing as error:
        raise Http404 from error
    headers = {"Content-Disposition": f'attachment; filename="{_file_name(session)}.hail.jsonl"'}
    return StreamingHttpResponse(lines, content_type="application/x-ndjson", headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
def handoff(request: HtmxRequest, pk: UUID) -> HttpResponse:
    session = session_read(request, pk)
    page = HandoffPage.of_one(session, viewer_of(request), timezone.now(), Path.cwd())
    return _handed_off(request, page, f"handoff-{_file_name(session)}")


@require_http_methods(["GET", "HEAD", "POST"])
def selection(request: HtmxRequest) -> HttpResponse:
    """Hand off the sessions that the address names, in its order."""
    ids = request.GET.getlist("session")
    if not 0 < len(ids) <= MOST_SESSIONS:
        context = {"count": len(ids), "most": MOST_SESSIONS}
        return render_page(request, "sessions/handoff_blank.html", context, status=400 if ids else 200)
    page = HandoffPage.of_selection(sessions_read(request, ids), viewer_of(request), timezone.now(), Path.cwd())
    return _handed_off(request, page, f"handoff-of-{len(page.sessions)}")


def _handed_off(request: HtmxRequest, page: HandoffPage, name: str) -> HttpResponse:
    if request.method == "POST":
        return _save(request, page)
    if "format" in request.GET:
        return _download(page, request.GET["format"], name)
    return render_page(request, "sessions/handoff.html", {"page": page})


def _download(page: HandoffPage, form: str, name: str) -> HttpResponse:
    if form not in _DOWNLOADS or not page.is_whole:
        raise Http404
    content_type, suffix = _DOWNLOADS[form]
    headers = {"Content-Disposition": f'attachment; filename="{name}.{suffix}"'}
    return private(HttpResponse(page.written(form), content_type=content_type, headers=headers))


def _save(request: HtmxRequest, page: HandoffPage) -> HttpResponse:
    """Keep the handoff in the operator's repository, and go back to its page."""
    from sessions.artifacts import shelf

    if page.repository is None:
        raise Http404
    given = request.POST.get("artifact_id", "")
    try:
        kept, replaced = shelf(page.repository.root, Path.home()).save(page.subjects(), given, JSON, timezone.now())
    except HandoffError as error:
        context = {"page": page, "given": given, "error": str(error)}
        return render_page(request, "sessions/handoff.html", context, status=422)
    said = f" Taken out before: {replaced}." if replaced else ""
    messages.success(request, f"Saved as {kept.ref} in {page.repository.path}.{said}")
    return redirect(page.url)


@require_safe
def events(request: HtmxRequest) -> HttpResponse | StreamingHttpResponse:
    """Tell a page when something was stored, for as long as it listens."""
    stream = live.watcher.listen()
    if stream is None:
        return HttpResponse("Too many pages are listening.", status=503, headers={"Retry-After": "5"})
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(stream, content_type="text/event-stream", headers=headers)


@require_safe
def robots(request: HtmxRequest) -> HttpResponse:
    return HttpResponse("User-agent: *\nAllow: /\n", content_type="text/plain")


def _file_name(session: Session) -> str:
    return _UNSAFE_IN_FILE_NAMES.sub("-", session.hail_id)[:100].strip(".-") or str(session.pk)


def _detail_page(request: HtmxRequest, session: Session, place: Place, target: int | None = None) -> SessionDetailPage:
    try:
        return SessionDetailPage(session, place, viewer_of(request), timezone.now(), target)
    except NoStrand as error:
        raise Http404 from error
