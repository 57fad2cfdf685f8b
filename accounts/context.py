"""What every page knows about accounts."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def accounts(request: HttpRequest) -> dict[str, bool]:
    return {"auth_enabled": settings.AUTH_ENABLED}
