"""A login that has begun: kept here once, for ten minutes, and in a cookie of the browser that began it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import OAuthState, User
from accounts.oauth.problems import OAuthProblem

LIFETIME = timedelta(minutes=10)
REMEMBERED = timedelta(hours=1)
"""Longer, so that people who come back too late are told so on a page."""

COOKIE = "opensession_oauth"
PATH = "/api/auth/oauth/"

Answer = TypeVar("Answer", bound=HttpResponseBase)


@dataclass(frozen=True, slots=True)
class Begun:
    """What the browser remembers. `destination` is a page of ours, or empty where a program gets tokens."""

    state: str = ""
    destination: str = ""


def begin(*, provider: str, user: User | None = None) -> str:
    """Return a new state. With a user, it ends in an identity that is linked to them."""
    now, state = timezone.now(), secrets.token_hex(32)
    OAuthState.objects.filter(expires_at__lt=now).delete()
    OAuthState.objects.create(state=state, provider=provider, user=user, expires_at=now + LIFETIME)
    return state


def claim(*, state: str, provider: str) -> OAuthState:
    """Return a state and see to it that nobody can use it again. Raises OAuthProblem."""
    begun = OAuthState.objects.select_related("user").filter(pk=state).first()
    is_first = begun is not None and OAuthState.objects.filter(pk=state).delete()[0] == 1
    if begun is None or not is_first or begun.provider != provider or begun.expires_at < timezone.now():
        raise OAuthProblem("oauth_expired", 400)
    return begun


def drop(begun: Begun) -> None:
    OAuthState.objects.filter(pk=begun.state).delete()


def bind(answer: Answer, begun: Begun) -> Answer:
    """Have the browser remember that it began this login: nobody can make it end one that others began."""
    answer.set_cookie(
        COOKIE,
        signing.dumps([begun.state, begun.destination], salt=COOKIE),
        max_age=REMEMBERED,
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return answer


def remembered(request: HttpRequest) -> Begun:
    try:
        return Begun(*signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=REMEMBERED))
    except signing.BadSignature:
        return Begun()


def need_same_browser(begun: Begun, state: str) -> None:
    """Raise OAuthProblem unless this browser began the login."""
    if not constant_time_compare(begun.state, state):
        raise OAuthProblem("oauth_expired", 400)


def forget(answer: Answer) -> Answer:
    answer.delete_cookie(COOKIE, path=PATH, samesite="Lax")
    return answer
