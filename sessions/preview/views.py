from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from opensession.hail.jsonl import HailError
from sessions.pages.preview import MOST_EVENTS, Answer, Asked, PreviewPage
from sessions.preview.errors import PreviewError
from sessions.preview.service import PreviewRequest, choices, preview
from sessions.preview.source import Git
from sessions.preview.throttle import PreviewThrottle

MOST_BYTES = 8 << 20
"""Of an answer that a script brings along to be shown. It leaves out the events that are not shown, or do not fit."""

_FIELDS = ("remote", "ref", "path", "parser_hint")
_PASSED_ON = ("view", "ef", "nf", "parser_hint")


class Shown(msgspec.Struct, frozen=True):
    """What a script brings along: what was asked of the API, and what it said."""

    asked: Asked
    answer: Answer


@ensure_csrf_cookie
@require_http_methods(["GET", "HEAD", "POST"])
def git(request: HttpRequest) -> HttpResponse:
    """Show a log that lies in a repository. Opening the address fetches nothing: a script or a button does."""
    query = request.POST if request.method == "POST" else request.GET
    asked = Asked.from_query(*(query.get(field, "") for field in _FIELDS))
    if settings.OPENSESSION_PROFILE == "worker":
        return _page(request, asked, 404, is_off=True)
    if request.method == "POST" and asked.is_complete:
        return _fetched(request, asked)
    return _page(request, asked, 400 if asked.is_begun and not asked.is_complete else 200)


@require_POST
def git_part(request: HttpRequest) -> HttpResponse:
    """Render what the API said to a script. Nothing is fetched, and nothing is stored."""
    if settings.OPENSESSION_PROFILE == "worker":
        return HttpResponse(status=404)
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        return HttpResponse("This session is too large to be shown here.", status=413, content_type="text/plain")
    try:
        shown = msgspec.json.decode(request.body, type=Shown)
        page = PreviewPage(shown.asked, shown.answer, timezone.now())
        return _private(render(request, "sessions/_preview.html", {"page": page}))
    except (HailError, msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        return HttpResponse(f"The answer cannot be shown: {error}", status=400, content_type="text/plain")


@require_safe
def github(request: HttpRequest, owner: str, repo: str, ref: str, path: str) -> HttpResponse:
    named = {"remote": f"https://github.com/{owner}/{repo}", "ref": ref, "path": path}
    passed = {name: value for name in _PASSED_ON if (value := request.GET.get(name, ""))}
    return redirect(f"{reverse('git')}?{urlencode(named | passed)}")


def _fetched(request: HttpRequest, asked: Asked) -> HttpResponse:
    throttle = PreviewThrottle()
    if not throttle.allow(request):
        answer, status = Answer("throttled", "That was often; wait a minute before you try again."), 429
    else:
        answer, status = _answered(asked)
    page = PreviewPage(asked, answer, timezone.now())
    return _page(request, asked, status, page=page)


def _answered(asked: Asked) -> tuple[Answer, int]:
    """Return what the API would say, and its status."""
    try:
        found = preview(PreviewRequest(Git(asked.remote, asked.ref, asked.path), asked.parser_hint), most=MOST_EVENTS)
    except PreviewError as error:
        return Answer(error.code, error.message, choices(error.candidates)), error.status
    return Answer(
        parser_used=found.parser_used, session=found.session, source=found.source, warnings=found.warnings
    ), 200


def _page(request: HttpRequest, asked: Asked, status: int, **more: Any) -> HttpResponse:
    context = {"asked": asked, "most_events": MOST_EVENTS, "most_bytes": MOST_BYTES, **more}
    return _private(render(request, "sessions/git.html", context, status=status))


def _private(response: HttpResponse) -> HttpResponse:
    add_never_cache_headers(response)
    return response
