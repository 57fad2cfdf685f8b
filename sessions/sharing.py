"""Share links: made, opened, revoked. What a reader of one sees is decided by `sessions.lens`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import F

from sessions import audit
from sessions.models import Session, ShareLink

if TYPE_CHECKING:
    from accounts.models import User

LIFETIMES: Mapping[str, timedelta | None] = {
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "never": None,
}
SHORTEST_PASSWORD = 8
MOST_FAILURES = 10
PAUSE = timedelta(minutes=15)
"""So many wrong passwords in so much time are heard; then a link is deaf, also to the right one."""

_TOKEN_BYTES = 32


class TooManyAttempts(Exception):
    """A link is deaf to passwords for a while."""


class Range(NamedTuple):
    """Events of a strand that are left out: from `first` up to `stop`, or to the end whatever comes."""

    strand: UUID
    first: int
    stop: int | None


def digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


@transaction.atomic
def share(
    *,
    session: Session,
    actor: User | None,
    now: datetime,
    lifetime: timedelta | None,
    password: str = "",
    hidden: Sequence[Range] = (),
    allows_download: bool = False,
) -> tuple[ShareLink, str]:
    """Make a link and return it with its token, which is told this once."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    link = ShareLink.objects.create(
        session=session,
        creator=actor,
        token_sha256=digest(token),
        password=make_password(password) if password else "",
        hidden_turns=[[str(each.strand), each.first, each.stop] for each in hidden],
        allows_download=allows_download,
        expires_at=now + lifetime if lifetime else None,
    )
    audit.record(actor=actor, action="share", thing=link, session=str(session.pk))
    return link, token


@transaction.atomic
def revoke(*, link: ShareLink, actor: User | None, now: datetime) -> bool:
    """Close a link for good. Tell whether it was open."""
    was_open = ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=now) == 1
    if was_open:
        audit.record(actor=actor, action="revoke share link", thing=link, session=str(link.session_id))
    return was_open


@transaction.atomic
def opened(*, link: ShareLink, now: datetime) -> None:
    """Count a view."""
    ShareLink.objects.filter(pk=link.pk).update(view_count=F("view_count") + 1, viewed_at=now)


def unlocked(*, link: ShareLink, password: str, now: datetime) -> bool:
    """Tell whether this is the link's password. Raises TooManyAttempts.

    The attempt is counted before it is judged, so that many at once are not more than many in a row. There is no
    transaction: hashing takes long, and nobody could write meanwhile.
    """
    own = ShareLink.objects.filter(pk=link.pk)
    own.exclude(failing_since__gt=now - PAUSE).update(failures=0, failing_since=now)
    if not own.filter(failures__lt=MOST_FAILURES).update(failures=F("failures") + 1):
        raise TooManyAttempts
    is_right = check_password(password, link.password)
    if is_right:
        own.filter(failures__gt=0).update(failures=F("failures") - 1)
    return is_right


def hidden_ranges(link: ShareLink) -> tuple[Range, ...]:
    return tuple(Range(UUID(strand), first, stop) for strand, first, stop in link.hidden_turns)
