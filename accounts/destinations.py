"""Where people go after a login, and where this server is."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def ours(request: HttpRequest, url: str) -> str:
    """Return the address when it is a page of ours, else nothing."""
    is_ours = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if is_ours else ""


def wanted(request: HttpRequest) -> str:
    """Return the page that somebody wanted before the login."""
    url = request.POST.get("next") or request.GET.get("next") or ""
    return ours(request, url) or reverse("sessions")


def base_url(request: HttpRequest) -> str:
    """Return the address of this server: the configured one, else the allowed host that was asked for.

    A forwarded host counts for nothing: by it a client could choose where a provider sends people.
    """
    return settings.BASE_URL or f"{request.scheme}://{request.get_host()}"


def callback_url(request: HttpRequest, provider: str) -> str:
    return f"{base_url(request)}/api/auth/oauth/{provider}/callback"
