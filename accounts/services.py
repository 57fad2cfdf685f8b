"""Every change to an account that somebody asks for, one function each."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import keys, tokens
from accounts.managers import OPERATOR_ID
from accounts.models import ApiKey, RefreshToken, User

REFRESH_LIFETIME = timedelta(days=7)
GRACE = timedelta(days=7)
LONGEST_EMAIL = 254
LONGEST_NICKNAME = 64
MOST_FORGOTTEN = 100
"""Expired refresh tokens that a login deletes: so many that their number falls, so few that nobody waits for it."""


class Taken(ValidationError):
    """Somebody else has this e-mail address or nickname."""


class WrongPassword(ValidationError):
    """The current password, asked for before a change, is another one."""


@dataclass(frozen=True, slots=True)
class TokenPair:
    user: User
    access: str
    refresh: str


@transaction.atomic
def register(*, email: str, password: str, nickname: str) -> User:
    """Make an account. The first one of a server moderates it. Raises ValidationError and Taken, by argument."""
    email, nickname = email.strip().lower(), nickname.strip()
    with _about("email"):
        check_email(email)
    with _about("password"):
        validate_password(password, User(email=email, nickname=nickname))
    with _about("nickname"):
        check_nickname(nickname)
    if User.objects.filter(email=email).exists():
        raise Taken({"email": "This e-mail address is registered already."})
    if User.objects.filter(nickname=nickname).exists():
        raise Taken({"nickname": "This nickname is taken already."})
    try:
        with transaction.atomic():
            return User.objects.create_user(nickname, email, password, is_staff=is_first_to_register())
    except IntegrityError as error:
        raise Taken("This e-mail address or nickname is taken already.") from error


@contextmanager
def _about(argument: str) -> Iterator[None]:
    """Tell which argument an error is about."""
    try:
        yield
    except ValidationError as error:
        raise ValidationError({argument: error}) from error


def check_email(email: str) -> None:
    if "@" not in email or len(email.encode()) > LONGEST_EMAIL:
        raise ValidationError("Enter a valid e-mail address.")


def check_nickname(nickname: str) -> None:
    if not 1 <= len(nickname.encode()) <= LONGEST_NICKNAME or not nickname.isprintable():
        raise ValidationError(f"A nickname has 1 to {LONGEST_NICKNAME} bytes, all of them to be seen.")
    User._meta.get_field("nickname").run_validators(nickname)


def is_first_to_register() -> bool:
    """Tell, within a transaction, whether whoever registers now is to moderate this server."""
    if not settings.OPENSESSION_FIRST_USER_IS_STAFF or _has_users():
        return False
    # Two may come at once. The second one waits here, on a row that always exists, and then sees the first.
    ContentType.objects.select_for_update().get(app_label="accounts", model="user")
    return not _has_users()


def _has_users() -> bool:
    return User.objects.exclude(pk=OPERATOR_ID).exists()


@transaction.atomic
def issue_tokens(*, user: User, family: uuid.UUID | None = None) -> TokenPair:
    """Give tokens for a login, which begins a family of refresh tokens, or go on with a family."""
    now, refresh = timezone.now(), secrets.token_hex(32)
    access = tokens.access_token(user, now)
    _forget_expired(now)
    RefreshToken.objects.create(
        user=user,
        family=family or uuid.uuid4(),
        token_sha256=keys.digest(refresh),
        expires_at=now + REFRESH_LIFETIME,
    )
    return TokenPair(user, access, refresh)


def _forget_expired(now: datetime) -> None:
    """Delete the oldest refresh tokens that nobody can use any more, whoever had them."""
    old = RefreshToken.objects.filter(expires_at__lt=now).order_by("expires_at")
    # Many log in at once: none waits for the rows that another one is deleting.
    some = old.select_for_update(skip_locked=True)[:MOST_FORGOTTEN]
    RefreshToken.objects.filter(pk__in=some.values("pk")).delete()


@transaction.atomic
def rotate(*, refresh: str) -> TokenPair | None:
    """Trade a refresh token for new tokens; None where it is not good. A used one ends its whole family."""
    now = timezone.now()
    token = RefreshToken.objects.select_related("user").filter(token_sha256=keys.digest(refresh)).first()
    if token is None or token.expires_at < now or not token.user.is_active:
        return None
    if not RefreshToken.objects.filter(pk=token.pk, used_at=None, revoked_at=None).update(used_at=now):
        # Two hold the same token, and one of them stole it.
        _revoke(family=token.family, now=now)
        return None
    return issue_tokens(user=token.user, family=token.family)


@transaction.atomic
def end_login(*, refresh: str) -> None:
    """Revoke a refresh token and its family. An unknown one is as good as ended."""
    for token in RefreshToken.objects.filter(token_sha256=keys.digest(refresh)):
        _revoke(family=token.family, now=timezone.now())


def _revoke(*, family: uuid.UUID, now: datetime) -> None:
    RefreshToken.objects.filter(family=family, revoked_at=None).update(revoked_at=now)


@transaction.atomic
def change_password(*, user: User, current: str, new: str) -> None:
    """Set a new password and end all logins of programs. Raises WrongPassword, and ValidationError."""
    if not user.has_usable_password():
        raise ValidationError("This account has no password: it logs in with a provider.")
    if not user.check_password(current):
        raise WrongPassword("The current password is wrong.")
    validate_password(new, user)
    user.set_password(new)
    user.save(update_fields=["password"])
    user.refresh_tokens.filter(revoked_at=None).update(revoked_at=timezone.now())


@transaction.atomic
def issue_key(*, user: User) -> str:
    """Make an API key and return it, for the one time that it is seen. Older ones stay good for a week."""
    now, key = timezone.now(), keys.new_key()
    user.api_keys.filter(status=ApiKey.Status.ACTIVE).update(status=ApiKey.Status.GRACE, grace_until=now + GRACE)
    ApiKey.objects.create(user=user, key_sha256=keys.digest(key), prefix=key[: keys.SHOWN])
    return key


def revoke_key(*, user: User, pk: uuid.UUID) -> bool:
    """End a key at once. Tell whether the user has such a key."""
    theirs = user.api_keys.filter(pk=pk)
    theirs.exclude(status=ApiKey.Status.REVOKED).update(status=ApiKey.Status.REVOKED, revoked_at=timezone.now())
    return theirs.exists()
