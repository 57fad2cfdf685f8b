"""Who a name and a password belong to. A nickname has no `@`, so a name that has one is an e-mail address."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts.models import User

BACKEND = "accounts.backends.NameAndPassword"
"""Its own name, which Django wants where somebody logs in without a password of theirs."""


class NameAndPassword(ModelBackend):
    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if username is None or password is None:
            return None
        user = _named(username)
        if user is None:
            # Takes as long as a check, so that the time does not tell who has an account.
            User().set_password(password)
            return None
        return user if user.check_password(password) and self.user_can_authenticate(user) else None


def _named(name: str) -> User | None:
    """Return who has the nickname or, where it is one, the e-mail address."""
    by = {"email": name.strip().lower()} if "@" in name else {"nickname": name}
    return User.objects.filter(**by).first()
