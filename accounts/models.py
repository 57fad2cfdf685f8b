from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from accounts.managers import UserManager


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account. `email` is lower-case, and empty for those who come through a provider without one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    nickname = models.CharField(
        max_length=64, unique=True, validators=[RegexValidator(r"^[^@/]+$", "Choose a name without @ or /.")]
    )
    email = models.EmailField("e-mail", unique=True, null=True, blank=True)
    is_staff = models.BooleanField("moderator", default=False, help_text="May enter the admin.")
    is_active = models.BooleanField("active", default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "nickname"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    class Meta:
        ordering = ["nickname"]

    def __str__(self) -> str:
        return self.nickname

    def clean(self) -> None:
        super().clean()
        self.email = (self.email or "").strip().lower() or None
