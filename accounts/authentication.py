"""Who calls the API: `Authorization: Bearer` with an API key or an access token. Cookies count for nothing there."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import keys, tokens
from accounts.models import User

SCHEME = "Bearer "


class Bearer(BaseAuthentication):
    """Refuses what is no valid key or token; a request without the header is anonymous."""

    def authenticate(self, request: Request) -> tuple[User, Any] | None:
        header = request.headers.get("Authorization")
        if header is None:
            return None
        secret = header.removeprefix(SCHEME)
        found = self._found(secret) if header.startswith(SCHEME) else None
        if found is None:
            raise AuthenticationFailed("The key or token is not known, or no longer valid.")
        return found

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def _found(self, secret: str) -> tuple[User, Any] | None:
        if not secret.startswith(keys.PREFIX):
            user = tokens.user_of(secret)
            return (user, None) if user else None
        now = timezone.now()
        key = keys.match(secret, now)
        if key is None:
            return None
        keys.note_use(key, now)
        return key.user, key


class OptionalBearer(Bearer):
    """For what everybody may read: a key or token that is not valid counts as none."""

    def authenticate(self, request: Request) -> tuple[User, Any] | None:
        try:
            return super().authenticate(request)
        except AuthenticationFailed:
            return None


def authenticated(request: Request) -> User:
    """Return who asks, in a view that lets in nobody without an account."""
    assert isinstance(request.user, User)
    return request.user
