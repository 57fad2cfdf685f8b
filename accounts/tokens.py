"""Access tokens: JWTs that say who and until when, signed with `JWT_SECRET`. Clients of the original send the same."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import jwt
from django.conf import settings

from accounts.models import User

ALGORITHM = "HS256"
SECONDS = 3600


class TokensOff(Exception):
    """`JWT_SECRET` is not set, so nothing can be signed."""

    def __init__(self) -> None:
        super().__init__("Login is off here: JWT_SECRET is not set.")


def need_secret() -> None:
    if not settings.AUTH_ENABLED:
        raise TokensOff


def access_token(user: User, now: datetime) -> str:
    need_secret()
    issued = int(now.timestamp())
    claims = {"sub": str(user.pk), "iat": issued, "exp": issued + SECONDS}
    return jwt.encode(claims, settings.JWT_SECRET, ALGORITHM)


def user_of(token: str) -> User | None:
    """Return whom a valid token was given to; None where tokens are off, it is not valid, or they are gone."""
    if not settings.AUTH_ENABLED:
        return None
    try:
        claims = jwt.decode(token, settings.JWT_SECRET, [ALGORITHM], options={"require": ["sub", "iat", "exp"]})
        return User.objects.filter(pk=UUID(claims["sub"]), is_active=True).first()
    except (jwt.InvalidTokenError, ValueError):
        return None
