"""Whose account an identity at a provider opens."""

from __future__ import annotations

import re
from itertools import count

from django.db import IntegrityError, transaction

from accounts import services
from accounts.models import OAuthIdentity, User
from accounts.oauth.client import Person
from accounts.oauth.problems import OAuthProblem

_NOT_IN_NICKNAMES = re.compile(r"[@/]")


def user_of(*, provider: str, person: Person) -> User:
    """Return who logs in: who has the identity, else the owner of the verified address, else somebody new."""
    try:
        user = _user_of(provider, person)
    except IntegrityError:
        # Somebody was faster, as with a double click. Now their rows are there to be seen.
        user = _user_of(provider, person)
    if not user.is_active:
        raise OAuthProblem("oauth_blocked", 401)
    return user


@transaction.atomic
def link(*, user: User, provider: str, person: Person) -> None:
    """Give the identity to the user. Raises OAuthProblem where it, or another one of theirs, stands in the way."""
    known = OAuthIdentity.objects.filter(provider=provider, provider_user_id=person.id).first()
    if known is None and not user.identities.filter(provider=provider).exists():
        _add(user, provider, person)
    elif known is not None and known.user_id == user.pk:
        _refresh(known, person)
    else:
        raise OAuthProblem("oauth_already_linked", 409)


@transaction.atomic
def _user_of(provider: str, person: Person) -> User:
    known = OAuthIdentity.objects.filter(provider=provider, provider_user_id=person.id).select_related("user").first()
    if known is not None:
        _refresh(known, person)
        return known.user
    owner = User.objects.filter(email=person.email).first() if person.email else None
    if owner is None:
        owner = _new_user(person)
        _add(owner, provider, person)
    else:
        link(user=owner, provider=provider, person=person)
    return owner


def _new_user(person: Person) -> User:
    return User.objects.create_user(
        free_nickname(person.username), person.email, is_staff=services.is_first_to_register()
    )


def free_nickname(username: str) -> str:
    """Return the username as a nickname: with a number behind it where it is taken."""
    stem = "".join(sign for sign in _NOT_IN_NICKNAMES.sub("-", username) if sign.isprintable())
    stem = stem.encode()[: services.LONGEST_NICKNAME - 8].decode(errors="ignore").strip() or "user"
    taken = set(User.objects.filter(nickname__startswith=stem).values_list("nickname", flat=True))
    names = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
    return next(name for name in names if name not in taken)


def _add(user: User, provider: str, person: Person) -> None:
    OAuthIdentity.objects.create(
        user=user,
        provider=provider,
        provider_user_id=person.id,
        provider_username=person.username,
        avatar_url=person.avatar_url,
    )


def _refresh(identity: OAuthIdentity, person: Person) -> None:
    identity.provider_username, identity.avatar_url = person.username, person.avatar_url
    identity.save(update_fields=["provider_username", "avatar_url"])
