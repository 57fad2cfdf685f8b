"""API keys: `osk_` and 32 hexadecimal digits, shown once and kept as SHA-256."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from hashlib import sha256

from django.db.models import Q

from accounts.models import ApiKey

PREFIX = "osk_"
SHOWN = 12
NOTED_AFTER = timedelta(minutes=1)


def new_key() -> str:
    return PREFIX + uuid.uuid4().hex


def digest(secret: str) -> str:
    """Return what is kept of a key or token. They are random, so a plain hash cannot be turned back."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def match(key: str, now: datetime) -> ApiKey | None:
    """Return the key that is known and still valid."""
    is_valid = Q(status=ApiKey.Status.ACTIVE) | Q(status=ApiKey.Status.GRACE, grace_until__gt=now)
    found = ApiKey.objects.filter(is_valid, key_sha256=digest(key), user__is_active=True)
    return found.select_related("user").first()


def note_use(key: ApiKey, now: datetime) -> None:
    """Remember when the key was used last, to the minute: a busy program must not write at every request."""
    if key.last_used_at is None or key.last_used_at <= now - NOTED_AFTER:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
