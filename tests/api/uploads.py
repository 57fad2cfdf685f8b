"""What the tests of the API share: uploaded sessions, and clients that come with a key."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts import keys
from accounts.models import ApiKey, User
from opensession.hail.model import Event
from sessions.models import Session, Upload
from tests.factories import make_session


def uploaded(*events: Event, owner: User | None, upload: dict[str, Any] | None = None, **fields: Any) -> Session:
    """Store a session as its upload would; public unless `fields` say otherwise."""
    session = make_session(*events, **{"origin": "uploaded", "owner": owner, "visibility": "public", **fields})
    Upload.objects.create(session=session, **(upload or {}))
    return session


def client_of(user: User) -> Client:
    return Client(headers={"Authorization": key_of(user)})


def key_of(user: User) -> str:
    """Return what to send as `Authorization`."""
    key = keys.new_key()
    ApiKey.objects.create(user=user, key_sha256=keys.digest(key), prefix=key[: keys.SHOWN])
    return f"Bearer {key}"
