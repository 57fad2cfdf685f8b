from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import BaseUserManager

if TYPE_CHECKING:
    from accounts.models import User

OPERATOR_ID = uuid.UUID("5b0b1f0e-6d0f-5c3a-9a53-000000000001")
OPERATOR_NICKNAME = "operator@localhost"
"""Nobody can take it: an `@` is not allowed in a nickname that people choose."""


class UserManager(BaseUserManager["User"]):
    def create_user(self, nickname: str, email: str | None = None, password: str | None = None, **fields: Any) -> User:
        user = self.model(nickname=nickname.strip(), email=_normal(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, nickname: str, email: str | None = None, password: str | None = None, **fields: Any
    ) -> User:
        return self.create_user(nickname, email, password, **{"is_staff": True, "is_superuser": True} | fields)

    def operator(self) -> User:
        """Return the user who stands for the owner of this machine. Cannot log in: there is no password."""
        rights = {"nickname": OPERATOR_NICKNAME, "password": "!", "is_staff": True, "is_superuser": True}
        return self.get_or_create(pk=OPERATOR_ID, defaults=rights)[0]


def _normal(email: str | None) -> str | None:
    return (email or "").strip().lower() or None
