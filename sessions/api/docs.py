"""What people and agents read about the API: a page to try it, the documentation, and a summary for agents."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt

_MARKDOWN = "text/markdown"
_HEADERS = {"Content-Type": f"{_MARKDOWN}; charset=utf-8", "Cache-Control": "public, max-age=3600"}


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    return render(request, "api/swagger.html")


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Show the documentation of the API: as Markdown to whoever accepts that, else as a page."""
    text = (settings.BASE_DIR / "docs" / "api.md").read_text(encoding="utf-8")
    if _MARKDOWN in request.headers.get("Accept", ""):
        response = HttpResponse(text, headers=_HEADERS)
    else:
        html = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
        response = render(request, "api/docs.html", {"html": mark_safe(html)})  # noqa: S308 - the page is our own.
    patch_vary_headers(response, ["Accept"])
    return response


@require_safe
def llms(request: HttpRequest) -> HttpResponse:
    base = settings.BASE_URL or request.build_absolute_uri("/").rstrip("/")
    return HttpResponse(render_to_string("api/llms.txt", {"base": base}), headers=_HEADERS)
