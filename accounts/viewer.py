"""Who is looking. Every read of sessions asks for it: `Session.objects.visible_to(viewer_of(request))`."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person with or without an account. The operator owns this machine and what was indexed on it.

    Whoever does not see the feed finds in lists what is their own only.
    """

    user: User | None = None
    is_operator: bool = False
    sees_feed: bool = True

    @property
    def name(self) -> tuple[object, ...]:
        """What viewers who find the same have in common."""
        return self.user.pk if self.user else None, self.is_operator, self.sees_feed

    @property
    def is_moderator(self) -> bool:
        return self.user is not None and self.user.is_staff and not self.is_operator


def viewer_of(request: HttpRequest) -> Viewer:
    user = getattr(request, "user", None)
    is_operator = settings.OPENSESSION_PROFILE == "local" and comes_from_this_machine(request)
    known = user if user and user.is_authenticated else None
    return Viewer(known, is_operator, bool(known or is_operator or feed_is_public()))


def feed_is_public() -> bool:
    """Tell whether strangers see the list of public sessions. A mirror is for nothing else."""
    return bool(settings.OPENSESSION_PUBLIC_FEED_ENABLED or settings.OPENSESSION_PROFILE == "worker")


def comes_from_this_machine(request: HttpRequest) -> bool:
    """Tell whether the client is on this machine. A proxy in between means that it may be anywhere."""
    if "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META:
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
