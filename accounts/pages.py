"""Finished values for the pages of an account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.forms import PasswordForm
from accounts.models import ApiKey, User
from accounts.oauth import providers
from accounts.oauth.problems import TEXTS

MOST_KEYS = 100


@dataclass(frozen=True, slots=True)
class KeyRow:
    pk: UUID
    prefix: str
    status: str
    until: datetime | None
    created_at: datetime
    last_used_at: datetime | None
    can_be_revoked: bool


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """A provider, and the name that the user has there; none where nothing is linked."""

    provider: str
    name: str
    username: str | None


class SettingsPage:
    name = "settings"

    def __init__(self, user: User, now: datetime, form: PasswordForm | None = None, new_key: str = "") -> None:
        self.user = user
        self.now = now
        self.new_key = new_key
        self.form = form or PasswordForm()
        self.has_password = user.has_usable_password()

    def identities(self) -> list[IdentityRow]:
        linked = dict(self.user.identities.order_by("provider").values_list("provider", "provider_username"))
        names = {provider.id: provider.name for provider in providers.configured().values()}
        return [
            IdentityRow(provider, providers.NAMES.get(provider, provider), linked.get(provider))
            for provider in names | linked
        ]

    def keys(self) -> list[KeyRow]:
        return [self._key(key) for key in self.user.api_keys.all()[:MOST_KEYS]]

    def _key(self, key: ApiKey) -> KeyRow:
        state = key.state(self.now)
        until = key.grace_until if state == "grace" else None
        is_good = state in ("active", "grace")
        return KeyRow(key.pk, key.prefix, state, until, key.created_at, key.last_used_at, is_good)


def notice(query: Mapping[str, str]) -> str:
    """Return what became of a login with a provider, in words. Nothing else in an address is repeated."""
    return "The account is linked." if query.get("oauth_linked") else TEXTS.get(query.get("error", ""), "")
