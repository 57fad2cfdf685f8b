"""The shapes of what goes out."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct
from rest_framework.response import Response

from accounts import tokens
from accounts.models import ApiKey, KeyState, User
from accounts.oauth import providers
from accounts.services import TokenPair


class Tokens(Struct, frozen=True):
    """What a login gives. `expires_in` is in seconds, and of the access token."""

    access_token: str
    refresh_token: str
    expires_in: int
    user_id: UUID
    nickname: str


class Verified(Struct, frozen=True):
    user_id: UUID
    nickname: str


class LinkedProvider(Struct, frozen=True):
    provider: str
    provider_username: str
    display_name: str


class Profile(Struct, frozen=True):
    user_id: UUID
    nickname: str
    created_at: datetime
    email: str | None
    avatar_url: str | None
    oauth_providers: tuple[LinkedProvider, ...]


class ApiKeyEntry(Struct, frozen=True):
    """An API key by its beginning."""

    id: UUID
    prefix: str
    status: KeyState
    created_at: datetime
    grace_until: datetime | None
    last_used_at: datetime | None


class ApiKeys(Struct, frozen=True):
    api_keys: tuple[ApiKeyEntry, ...]


class NewApiKey(Struct, frozen=True):
    api_key: str


class LoginProvider(Struct, frozen=True):
    id: str
    display_name: str


class LoginWays(Struct, frozen=True):
    """The ways to log in."""

    email_password: bool
    oauth: tuple[LoginProvider, ...]


class AuthorizeUrl(Struct, frozen=True):
    url: str


class Ended(Struct, frozen=True):
    """A login or a key is no longer good."""

    ok: bool


def answered(value: Struct, status: int = 200) -> Response:
    return Response(msgspec.to_builtins(value), status)


def token_pair(pair: TokenPair) -> Tokens:
    return Tokens(pair.access, pair.refresh, tokens.SECONDS, pair.user.pk, pair.user.nickname)


def profile(user: User) -> Profile:
    identities = list(user.identities.order_by("provider"))
    return Profile(
        user_id=user.pk,
        nickname=user.nickname,
        created_at=user.created_at,
        email=user.email,
        avatar_url=next((identity.avatar_url for identity in identities if identity.avatar_url), None),
        oauth_providers=tuple(
            LinkedProvider(
                identity.provider,
                identity.provider_username,
                providers.NAMES.get(identity.provider, identity.provider),
            )
            for identity in identities
        ),
    )


def api_key(key: ApiKey, now: datetime) -> ApiKeyEntry:
    return ApiKeyEntry(key.pk, key.prefix, key.state(now), key.created_at, key.grace_until, key.last_used_at)
