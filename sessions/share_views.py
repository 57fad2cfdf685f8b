"""Links to sessions: the owner's page, and what those see who have a link."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.viewer import viewer_of
from sessions import bodies, moderation, sharing, turns
from sessions.access import link_read, session_owned
from sessions.addresses import share_address
from sessions.forms import PasswordForm, ShareForm, VisibilityForm
from sessions.htmx import HtmxRequest, push_url, render_part
from sessions.lens import Lens
from sessions.models import ShareLink
from sessions.pages.detail import NoStrand
from sessions.pages.place import Place, located
from sessions.pages.shared import SharedPage
from sessions.pages.sharing import SharePage
from sessions.pages.timeline import WINDOW

_PARTS = {"rows": "sessions/_more.html", "lane": "sessions/_lane.html"}
_SALT = "sessions.share"
_HOURS_UNLOCKED = 12

View = Callable[..., HttpResponseBase]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def share(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the links and what redaction does. A post makes a link, or shows another part and keeps what is ticked."""
    session = session_owned(request, pk)
    wants_link = request.method == "POST" and "show" not in request.POST
    form = ShareForm(request.POST if request.method == "POST" else None)
    page = SharePage(session, form, *turns.located(request.POST.get("show", "")), timezone.now())
    token = _made(request, page) if wants_link and form.is_valid() else ""
    # Whoever looks at another part on the way would else make a link without the password, and not notice.
    form.fields["password"].widget.render_value = not token
    context = {"page": page, "address": share_address(request, token) if token else ""}
    return render(request, "sessions/share.html", context, status=422 if wants_link and not token else 200)


@require_POST
def revoke(request: HttpRequest, pk: UUID, link: UUID) -> HttpResponse:
    session = session_owned(request, pk)
    found = get_object_or_404(ShareLink, pk=link, session=session)
    sharing.revoke(link=found, actor=viewer_of(request).user, now=timezone.now())
    messages.success(request, "The link is revoked.")
    return redirect("share", pk=pk)


@require_POST
def visibility(request: HttpRequest, pk: UUID) -> HttpResponse:
    session = session_owned(request, pk)
    form = VisibilityForm(request.POST)
    if not form.is_valid():
        return HttpResponse("Choose public, unlisted or private.", status=422, content_type="text/plain")
    chosen = form.cleaned_data["visibility"]
    moderation.set_visibility(session=session, visibility=chosen, actor=viewer_of(request).user)
    hidden = " A moderator has hidden it, so that nobody else can open it." if session.is_hidden else ""
    messages.success(request, f"The session is {chosen} now.{hidden}")
    return redirect(session)


def _discreet(view: View) -> View:
    """Have the address of a link told to nobody, and what is behind it kept by nobody."""

    @wraps(view)
    def wrapped(request: HtmxRequest, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, **kwargs)
        except Http404:
            response = render(request, "404.html", {"is_link": True}, status=404)
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex, nofollow"
        patch_cache_control(response, private=True, no_cache=True)
        return response

    return wrapped


@_discreet
@require_safe
def shared(request: HtmxRequest, token: str) -> HttpResponse:
    link, lens = _opened(token)
    if not _is_unlocked(request, link):
        return _asked(request, token, PasswordForm())
    page = _page(link, lens, token, Place.from_query(request.GET.dict()))
    if request.method == "GET" and not request.htmx:
        sharing.opened(link=link, now=timezone.now())
    part = _PARTS.get(request.GET.get("part", ""), "sessions/_timeline.html")
    response = render_part(request, "sessions/shared.html", part, {"page": page})
    return response if "part" in request.GET else push_url(response, request, page.url + page.place.query())


@_discreet
@require_safe
def event(request: HtmxRequest, token: str, strand: str, number: int) -> HttpResponse:
    link, lens = _opened(token)
    if not _is_unlocked(request, link):
        return redirect("shared", token=token)
    found = located(link.session, strand, number, request.GET.get("id", ""))
    if found is None:
        raise Http404
    page = _page(link, lens, token, Place(strand=strand, first=max(0, found - WINDOW // 5)), found)
    if request.GET.get("part") == "row" and page.target_row is None:
        raise Http404
    part = "sessions/_row.html" if request.GET.get("part") == "row" else "sessions/_timeline.html"
    return render_part(request, "sessions/shared.html", part, {"page": page, "row": page.target_row, "is_page": True})


@_discreet
@require_safe
def raw(request: HtmxRequest, token: str) -> HttpResponseBase:
    link, lens = _opened(token)
    if not link.allows_download or not _is_unlocked(request, link):
        raise Http404
    try:
        lines = lens.raw()
    except bodies.BodyMissing as error:
        raise Http404 from error
    headers = {"Content-Disposition": 'attachment; filename="session.hail.jsonl"'}
    return StreamingHttpResponse(lines, content_type="application/x-ndjson", headers=headers)


# A page without a referrer posts without an origin, which Django refuses. What is posted is the password itself:
# whoever can make somebody else post it knows it.
@csrf_exempt
@_discreet
@require_POST
def unlock(request: HtmxRequest, token: str) -> HttpResponse:
    link, _ = _opened(token)
    form = PasswordForm(request.POST)
    try:
        is_right = form.is_valid() and sharing.unlocked(
            link=link, password=form.cleaned_data["password"], now=timezone.now()
        )
    except sharing.TooManyAttempts:
        return _asked(request, token, form, "Too many wrong passwords. Try again in a quarter of an hour.", 429)
    if not is_right:
        return _asked(request, token, form, "That is not the password.", 422)
    response = redirect("shared", token=token)
    seconds, path = _HOURS_UNLOCKED * 3600, reverse("shared", args=[token])
    cookie: dict[str, Any] = {"httponly": True, "samesite": "Lax", "secure": settings.SESSION_COOKIE_SECURE}
    response.set_signed_cookie(_cookie(link), str(link.pk), salt=_SALT, max_age=seconds, path=path, **cookie)
    return response


def _made(request: HttpRequest, page: SharePage) -> str:
    """Make the link and return its token; empty when a turn is not there, which the form then says."""
    try:
        hidden = turns.ranges(page.session, page.left_out)
    except turns.NoTurn as error:
        page.form.add_error(None, str(error))
        return ""
    given = page.form.cleaned_data
    _, token = sharing.share(
        session=page.session,
        actor=viewer_of(request).user,
        now=timezone.now(),
        lifetime=given["lifetime"],
        password=given["password"],
        hidden=hidden,
        allows_download=given["allows_download"],
    )
    return token


def _opened(token: str) -> tuple[ShareLink, Lens]:
    link = link_read(token, timezone.now())
    try:
        lens = Lens(link.session, sharing.hidden_ranges(link))
    except bodies.BodyMissing as error:
        raise Http404 from error
    if lens.is_stale:
        raise Http404
    return link, lens


def _cookie(link: ShareLink) -> str:
    return f"opensession_share_{link.pk.hex}"


def _is_unlocked(request: HttpRequest, link: ShareLink) -> bool:
    age = _HOURS_UNLOCKED * 3600
    known = request.get_signed_cookie(_cookie(link), default="", salt=_SALT, max_age=age)
    return not link.password or known == str(link.pk)


def _asked(request: HttpRequest, token: str, form: PasswordForm, problem: str = "", status: int = 200) -> HttpResponse:
    page = {"token": token, "url": reverse("shared", args=[token])}
    context = {"form": form, "page": page, "problem": problem}
    return render(request, "sessions/unlock.html", context, status=status)


def _page(link: ShareLink, lens: Lens, token: str, place: Place, target: int | None = None) -> SharedPage:
    try:
        return SharedPage(link, lens, token, place, timezone.now(), target)
    except NoStrand as error:
        raise Http404 from error
