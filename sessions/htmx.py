"""The one place that knows how parts of pages are asked for and answered."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django_htmx.middleware import HtmxDetails


class HtmxRequest(HttpRequest):
    htmx: HtmxDetails


def render_part(request: HtmxRequest, page: str, part: str, context: dict[str, Any]) -> HttpResponse:
    """Render the page, or only the part that htmx asked for."""
    wants_part = bool(request.htmx) and not request.htmx.history_restore_request
    response = render_page(request, part if wants_part else page, context)
    patch_vary_headers(response, ["HX-Request", "HX-History-Restore-Request"])
    return response


def render_page(request: HttpRequest, page: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return private(render(request, page, context, status=status))


def private(response: HttpResponse) -> HttpResponse:
    """Let caches ask first: what a page shows is the reader's own, and it changes while agents work."""
    patch_cache_control(response, private=True, no_cache=True)
    return response


def push_url(response: HttpResponse, request: HtmxRequest, url: str) -> HttpResponse:
    """Have the browser show `url`, in which defaults are left out, for a part that it asked for."""
    if request.htmx and not request.htmx.history_restore_request:
        response["HX-Push-Url"] = url
    return response
