"""Logging in with a name and a password, with a limit on failures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import authenticate, user_logged_in
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from accounts.throttling import address_of

LONGEST_NAME = 254
TOO_MANY = "Too many failed logins. Try again in a quarter of an hour."


class LockedOut(Exception):
    """Too many failures with this name from this address. Known and unknown names are treated alike."""


def check(request: HttpRequest, *, name: str, password: str) -> User | None:
    """Return whom the name and the password belong to. Raises LockedOut."""
    user = authenticate(request, username=name, password=password)
    if getattr(request, "axes_locked_out", False):
        raise LockedOut(TOO_MANY)
    if not isinstance(user, User):
        return None
    _forget_failures(request, name)
    return user


def note(request: HttpRequest, user: User) -> None:
    """Tell all who count logins about one that makes no session."""
    user_logged_in.send(sender=User, request=request, user=user)


def counted_name(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """Return the name under which failures are counted.

    It is what was typed: were an address counted as the nickname it belongs to, the lock would tell whose it is.
    """
    return str((credentials or {}).get("username") or "").strip().lower()[:LONGEST_NAME]


def seconds_locked() -> int:
    return int(settings.AXES_COOLOFF_TIME.total_seconds())


def locked_out(request: HttpRequest, response: HttpResponse, credentials: Any) -> HttpResponse:
    """Answer somebody who is locked out, for axes: views of ours have said so themselves, the admin has not."""
    if response.status_code == 429:
        return response
    headers = {"Retry-After": str(seconds_locked())}
    return HttpResponse(TOO_MANY, status=429, content_type="text/plain", headers=headers)


def _forget_failures(request: HttpRequest, name: str) -> None:
    """Axes would do so by the nickname only."""
    if settings.AXES_ENABLED:
        attempts = apps.get_app_config("axes").get_model("AccessAttempt")._default_manager
        attempts.filter(username=counted_name(request, {"username": name}), ip_address=address_of(request)).delete()
