"""The shapes of what goes out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts import tokens
from accounts.models import ApiKey, User
from accounts.oauth import providers
from accounts.services import TokenPair


def token_pair(pair: TokenPair) -> dict[str, Any]:
    return {
        "access_token": pair.access,
        "refresh_token": pair.refresh,
        "expires_in": tokens.SECONDS,
        "user_id": str(pair.user.pk),
        "nickname": pair.user.nickname,
    }


def profile(user: User) -> dict[str, Any]:
    identities = list(user.identities.order_by("provider"))
    return {
        "user_id": str(user.pk),
        "nickname": user.nickname,
        "created_at": user.created_at,
        "email": user.email,
        "avatar_url": next((identity.avatar_url for identity in identities if identity.avatar_url), None),
        "oauth_providers": [
            {
                "provider": identity.provider,
                "provider_username": identity.provider_username,
                "display_name": providers.NAMES.get(identity.provider, identity.provider),
            }
            for identity in identities
        ],
    }


def api_key(key: ApiKey, now: datetime) -> dict[str, Any]:
    return {
        "id": str(key.pk),
        "prefix": key.prefix,
        "status": key.state(now),
        "created_at": key.created_at,
        "grace_until": key.grace_until,
        "last_used_at": key.last_used_at,
    }
