from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar, Literal, cast

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


KeyState = Literal["active", "grace", "expired", "revoked"]


class ApiKey(models.Model):
    """A key for programs. Shown once: its SHA-256 is kept, and its beginning, by which people know it."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        GRACE = "grace"
        REVOKED = "revoked"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=64, blank=True, default="")
    key_sha256 = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=12)
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.ACTIVE)
    created_at = models.DateTimeField(auto_now_add=True)
    grace_until = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["user", "status"], name="api_key_of_user")]

    def __str__(self) -> str:
        return f"{self.prefix}…"

    def state(self, now: datetime) -> KeyState:
        """Return the status, or `expired` where the days of grace are over."""
        is_over = self.status == self.Status.GRACE and self.grace_until is not None and self.grace_until <= now
        return "expired" if is_over else cast(KeyState, self.status)


class RefreshToken(models.Model):
    """One of the tokens that a login gave, each made from the one before. Using one twice revokes the whole family."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="refresh_tokens")
    family = models.UUIDField(db_index=True)
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"refresh token of {self.user_id}"


class OAuthIdentity(models.Model):
    """An account elsewhere that its owner can log in with."""

    user = models.ForeignKey(User, models.CASCADE, related_name="identities")
    provider = models.CharField(max_length=20)
    provider_user_id = models.CharField(max_length=200)
    provider_username = models.CharField(max_length=200, blank=True, default="")
    avatar_url = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "OAuth identities"
        constraints = [
            models.UniqueConstraint(fields=["provider", "provider_user_id"], name="identity_once"),
            models.UniqueConstraint(fields=["user", "provider"], name="identity_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.provider_username}"


class OAuthState(models.Model):
    """A login with a provider that has begun: used once, for ten minutes. With a user it links an identity to them."""

    state = models.CharField(max_length=64, primary_key=True)
    provider = models.CharField(max_length=20)
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.provider
