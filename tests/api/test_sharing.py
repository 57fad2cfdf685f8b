from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import keys
from accounts.models import ApiKey, User
from sessions.models import AuditEntry, Session, ShareLink
from tests.base import user
from tests.sessions.links import make_link, shared_session

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def server(settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "server"


def key_of(person: User) -> dict[str, str]:
    """Return the header that an API key of this person needs."""
    secret = keys.new_key()
    ApiKey.objects.create(user=person, key_sha256=keys.digest(secret), prefix=secret[: keys.SHOWN])
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def alice() -> User:
    return user("alice")


@pytest.fixture
def session(alice: User) -> Session:
    return shared_session(origin="uploaded", owner=alice, visibility="private")


def send(client: Client, method: str, path: str, data: Any = None, **headers: str) -> Any:
    return client.generic(method, path, "" if data is None else json.dumps(data), "application/json", headers=headers)


def test_it_works(client: Client, alice: User, session: Session) -> None:
    header = key_of(alice)
    path = f"/api/sessions/{session.pk}/shares"
    given = {"expires_in": "30d", "password": "correct horse", "hidden_turns": ["main.2"], "allows_download": True}
    made = send(client, "POST", path, given, **header)
    assert made.status_code == 201
    answer = made.json()
    assert answer["url"].startswith("http://testserver/s/")
    assert (answer["has_password"], answer["hidden_parts"], answer["allows_download"]) == (True, 1, True)
    (listed,) = client.get(path, headers=header).json()["shares"]
    assert {**listed, "url": answer["url"]} == answer
    link = ShareLink.objects.get()
    assert link.expires_at
    assert timedelta(days=29) < link.expires_at - timezone.now() <= timedelta(days=30)
    assert client.get(answer["url"].removeprefix("http://testserver")).status_code == 200


def test_it_revokes(client: Client, alice: User, session: Session) -> None:
    link, token = make_link(session, actor=alice)
    header = key_of(alice)
    for _ in range(2):
        assert send(client, "DELETE", f"/api/shares/{link.pk}", **header).json() == {"ok": True}
    assert client.get(f"/s/{token}").status_code == 404
    assert client.get(f"/api/sessions/{session.pk}/shares", headers=header).json() == {"shares": []}
    assert AuditEntry.objects.filter(action="revoke share link").count() == 1


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"expires_in": "2d"}, "expires_in"),
        ({"password": "short"}, "password"),
        ({"hidden_turns": ["main.99"]}, "hidden_turns"),
        ({"hidden_turns": "main.1"}, "hidden_turns"),
        ({"allows_download": "perhaps"}, "allows_download"),
    ],
)
def test_it_says_what_is_wrong(
    client: Client, alice: User, session: Session, given: dict[str, object], named: str
) -> None:
    answer = send(client, "POST", f"/api/sessions/{session.pk}/shares", given, **key_of(alice))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert answer.json()["message"].startswith(f"{named}: ")
    assert not ShareLink.objects.exists()


def test_it_changes_who_may_read(client: Client, alice: User, session: Session) -> None:
    path, header = f"/api/sessions/{session.pk}", key_of(alice)
    answer = send(client, "PATCH", path, {"visibility": "unlisted"}, **header)
    assert answer.json() == {"id": str(session.pk), "visibility": "unlisted"}
    assert send(client, "PATCH", path, {"visibility": "all"}, **header).status_code == 400
    session.refresh_from_db()
    assert session.visibility == "unlisted"


def test_it_tells_unknown_from_unowned(client: Client, session: Session) -> None:
    link, _ = make_link(session)
    header = key_of(user("bob"))
    calls: list[tuple[str, str, Any]] = [
        ("PATCH", f"/api/sessions/{session.pk}", {"visibility": "public"}),
        ("GET", f"/api/sessions/{session.pk}/shares", None),
        ("POST", f"/api/sessions/{session.pk}/shares", {}),
        ("DELETE", f"/api/shares/{link.pk}", None),
        ("DELETE", f"/api/shares/{uuid4()}", None),
    ]
    assert [send(client, *call, **header).status_code for call in calls] == [404] * 5
    Session.objects.update(visibility="unlisted")
    assert [send(client, *call, **header).status_code for call in calls] == [403] * 4 + [404]
    assert [send(client, *call).status_code for call in calls] == [401] * 5
    assert ShareLink.objects.get().revoked_at is None


def test_it_takes_nothing_of_the_operator_without_a_token_of_a_page(settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "local"
    session = shared_session()
    path = f"/api/sessions/{session.pk}/shares"
    client = Client(enforce_csrf_checks=True)
    assert client.get(path).status_code == 200
    assert send(client, "POST", path, {}).status_code == 403
    client.get(f"/session/{session.pk}/share")
    token = client.cookies["opensession_csrf"].value
    assert send(client, "POST", path, {}, **{"X-CSRFToken": token}).status_code == 201
    assert send(client, "POST", path, {}, **{"X-CSRFToken": token, "Origin": "https://evil.example"}).status_code == 403
