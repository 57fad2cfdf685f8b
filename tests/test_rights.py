"""Who may do what: every address, every method, every kind of person.

A new route needs a row in `RIGHTS`: `"GET /session/{pk}/new": READ`. A variable that is new needs a value in `values`,
and a request that needs a body to get that far has it in `BODIES`. Methods without a row must answer 405.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.core.signals import request_finished
from django.db import close_old_connections, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from pytest_django import Settings

from accounts import keys
from accounts.models import ApiKey, User
from accounts.moderated import Moderated
from sessions.models import Session
from tests.base import user
from tests.sessions.links import make_link, shared_session

pytestmark = pytest.mark.django_db

PEOPLE = ("owner", "teammate", "stranger", "anonymous", "staff", "revoked key")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Rights:
    """What each of `PEOPLE` is answered about a private session, and about a public one."""

    private: str
    public: str

    def of(self, visibility: str) -> dict[str, int]:
        codes = getattr(self, visibility).split()
        return dict(zip(PEOPLE, map(int, codes if len(codes) > 1 else codes * len(PEOPLE)), strict=True))


OPEN = Rights("200", "200")
READ = Rights("200 404 404 404 200 404", "200 200 200 200 200 200")
OWN = Rights("200 404 404 404 403 404", "200 403 403 403 403 403")
OWN_THEN_REDIRECT = Rights("302 404 404 404 403 404", "302 403 403 403 403 403")
API_OWN = Rights("200 404 404 401 403 401", "200 403 403 401 403 401")
API_OWN_CREATES = Rights("201 404 404 401 403 401", "201 403 403 401 403 401")
STAFF = Rights("302 302 302 302 200 302", "302 302 302 302 200 302")
API_KNOWN = Rights("200 200 200 401 200 401", "200 200 200 401 200 401")
API_KNOWN_NOTHING = Rights("404 404 404 401 404 401", "404 404 404 401 404 401")
LOGGED_IN = Rights("200 200 200 302 200 302", "200 200 200 302 200 302")
LOGGED_OUT = Rights("302 302 302 200 302 200", "302 302 302 200 302 200")
ACCOUNT = Rights("200 200 200 403 200 403", "200 200 200 403 200 403")
ACCOUNT_NOTHING = Rights("404 404 404 403 404 403", "404 404 404 403 404 403")
REDIRECT = Rights("302", "302")
INCOMPLETE = Rights("400", "400")
NOTHING = Rights("404", "404")
BY_LINK = OPEN
"""A link asks nobody who they are."""

RIGHTS: dict[str, Rights] = {
    "GET /": OPEN,
    "GET /sessions": OPEN,
    "GET /events": OPEN,
    "GET /robots.txt": OPEN,
    "GET /session/{pk}": READ,
    "GET /session/{pk}/raw": READ,
    "GET /session/{pk}/e/{strand}.{number}": READ,
    "GET /session/{pk}/share": OWN,
    "POST /session/{pk}/share": OWN,
    "POST /session/{pk}/share/{link}/revoke": OWN_THEN_REDIRECT,
    "POST /session/{pk}/visibility": OWN_THEN_REDIRECT,
    "GET /session/{pk}/report": READ,
    "POST /session/{pk}/report": READ,
    "GET /s/{token}": BY_LINK,
    "GET /s/{token}/raw": BY_LINK,
    "GET /s/{token}/e/{strand}.{number}": BY_LINK,
    "POST /s/{token}/unlock": Rights("422", "422"),
    "GET /api/health": OPEN,
    "GET /api/capabilities": OPEN,
    "PATCH /api/sessions/{pk}": API_OWN,
    "GET /api/sessions/{pk}/shares": API_OWN,
    "POST /api/sessions/{pk}/shares": API_OWN_CREATES,
    "DELETE /api/shares/{link}": API_OWN,
    "GET /api/auth/api-keys": API_KNOWN,
    "POST /api/auth/api-keys/issue": API_KNOWN,
    "DELETE /api/auth/api-keys/{pk}": API_KNOWN_NOTHING,
    "POST /api/auth/login": INCOMPLETE,
    "POST /api/auth/logout": INCOMPLETE,
    "GET /api/auth/me": API_KNOWN,
    "GET /api/auth/oauth/{provider}": NOTHING,
    "GET /api/auth/oauth/{provider}/callback": NOTHING,
    "POST /api/auth/oauth/{provider}/link": API_KNOWN_NOTHING,
    "PUT /api/auth/password": Rights("400 400 400 401 400 401", "400 400 400 401 400 401"),
    "GET /api/auth/providers": OPEN,
    "POST /api/auth/refresh": INCOMPLETE,
    "POST /api/auth/register": INCOMPLETE,
    "POST /api/auth/verify": API_KNOWN,
    "GET /api/docs": OPEN,
    "POST /api/ingest/preview": INCOMPLETE,
    "GET /api/ready": OPEN,
    "GET /api/schema": OPEN,
    "GET /api/sessions": OPEN,
    "POST /api/sessions": Rights("400 400 400 401 400 401", "400 400 400 401 400 401"),
    "GET /api/sessions/{pk}": READ,
    "DELETE /api/sessions/{pk}": API_OWN,
    "GET /api/sessions/{pk}/raw": READ,
    "GET /auth/callback": LOGGED_IN,
    "GET /docs": OPEN,
    "GET /gh/{owner}/{repo}/{ref}/{path}": REDIRECT,
    "GET /git": OPEN,
    "POST /git": OPEN,
    "POST /git/session": INCOMPLETE,
    "GET /handoff": OPEN,
    "POST /handoff": OPEN,
    "GET /llms.txt": OPEN,
    "GET /login": LOGGED_OUT,
    "POST /login": LOGGED_OUT,
    "POST /logout": REDIRECT,
    "GET /register": LOGGED_OUT,
    "POST /register": LOGGED_OUT,
    "GET /session/{pk}/handoff": READ,
    "POST /session/{pk}/handoff": NOTHING,
    "GET /settings": ACCOUNT,
    "POST /settings/keys": ACCOUNT,
    "POST /settings/keys/{pk}/revoke": ACCOUNT_NOTHING,
    "POST /settings/link/{provider}": ACCOUNT_NOTHING,
    "POST /settings/password": Rights("422 422 422 403 422 403", "422 422 422 403 422 403"),
    "GET /upload": LOGGED_IN,
    "POST /upload": LOGGED_IN,
    "GET /admin/": STAFF,
}
BODIES: dict[str, dict[str, str]] = {
    "POST /session/{pk}/visibility": {"visibility": "unlisted"},
    "POST /session/{pk}/report": {"reason": "spam"},
    "PATCH /api/sessions/{pk}": {"visibility": "unlisted"},
}


class World:
    """A session of the owner's with a link to it, and all who may come."""

    def __init__(self, visibility: str) -> None:
        self.people = {name: user(name) for name in ("owner", "teammate", "stranger")}
        self.people["staff"] = user("staff", is_staff=True)
        owner = self.people["owner"]
        self.session: Session = shared_session(origin="uploaded", owner=owner, visibility=visibility)
        link, token = make_link(self.session, actor=owner, allows_download=True)
        self.values = {"pk": self.session.pk, "link": link.pk, "token": token, "strand": "main", "number": 0}
        self.values |= {"provider": "github", "owner": "ann", "repo": "shop", "ref": "main", "path": "a.jsonl"}
        self.headers = {name: _bearer(person) for name, person in self.people.items()}
        self.headers["revoked key"] = _bearer(owner, status="revoked", revoked_at=timezone.now())

    def answer(self, key: str, person: str, **values: Any) -> int:
        """Return the status of one request. What it changes is undone."""
        method, route = key.split(" ")
        client = Client(headers=self.headers.get(person, {}) if route.startswith("/api/") else {})
        path = route.format(**{**self.values, **values})
        with transaction.atomic():
            if person in self.people:
                client.force_login(self.people[person])
            sent = BODIES.get(key, {})
            given: dict[str, Any] = {"content_type": "application/json"} if route.startswith("/api/") else {}
            answer = getattr(client, method.lower())(path, sent, **(given if method != "GET" else {}))
            _leave(answer)
            transaction.set_rollback(True)
        return int(answer.status_code)


@pytest.fixture(autouse=True)
def server(settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "server"
    settings.SECURE_SSL_REDIRECT = False
    settings.AUTH_ENABLED = True
    settings.JWT_SECRET = "a secret of at least thirty-two bytes"


def routes(resolver: URLResolver, prefix: str = "/") -> Iterator[str]:
    """Yield every address, its variable parts by their names; of the admin site its beginning."""
    for entry in resolver.url_patterns:
        route = prefix + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(entry.pattern))
        if isinstance(entry, URLPattern) or entry.namespace == "admin":
            # What catches all that there is nothing at is no address.
            yield from () if route.endswith("$") else (route,)
        else:
            yield from routes(entry, route)


ROUTES = sorted(set(routes(get_resolver())))


def test_it_has_a_row_for_every_route() -> None:
    known = {key.split(" ")[1] for key in RIGHTS}
    assert [route for route in ROUTES if route not in known] == [], "add a row to RIGHTS in tests/test_rights.py"
    assert sorted(known - set(ROUTES)) == []


@pytest.mark.parametrize("visibility", ["private", "public"])
@pytest.mark.parametrize("key", RIGHTS)
def test_it_gives_everybody_their_rights(key: str, visibility: str) -> None:
    world = World(visibility)
    assert {person: world.answer(key, person) for person in PEOPLE} == RIGHTS[key].of(visibility)


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "/admin/"])
def test_it_takes_no_other_method(route: str) -> None:
    world = World("private")
    others = [f"{method} {route}" for method in METHODS if f"{method} {route}" not in RIGHTS]
    assert {key: world.answer(key, "owner") for key in others} == dict.fromkeys(others, 405)


@pytest.mark.parametrize(
    "key", [key for key in RIGHTS if ("{pk}" in key or "{link}" in key) and "/settings/" not in key]
)
def test_it_answers_about_what_is_unknown_as_about_what_is_forbidden(key: str) -> None:
    world = World("private")
    for person in ("stranger", "anonymous"):
        forbidden = world.answer(key, person)
        assert world.answer(key, person, pk=uuid4(), link=uuid4()) == forbidden
        assert forbidden in (401, 404)


@pytest.mark.parametrize("visibility", ["private", "public"])
def test_it_keeps_what_a_moderator_has_hidden_to_the_owner(visibility: str) -> None:
    world = World(visibility)
    Session.objects.update(is_hidden=True)
    for key in ("GET /session/{pk}", "GET /session/{pk}/raw"):
        assert {person: world.answer(key, person) for person in PEOPLE} == READ.of("private")
    assert {world.answer("GET /s/{token}", person) for person in PEOPLE} == {404}


@pytest.mark.parametrize("person", ["owner", "staff"])
def test_it_stops_for_those_who_are_deactivated(person: str) -> None:
    world = World("private")
    User.objects.update(is_active=False)
    assert world.answer("GET /session/{pk}", person) == 404
    assert world.answer("GET /api/sessions/{pk}/shares", person) == 401
    assert world.answer("GET /admin/", person) == 302
    assert world.answer("GET /s/{token}", person) == 404


@pytest.mark.parametrize("model", [each for each, its in admin.site._registry.items() if isinstance(its, Moderated)])
def test_it_shows_the_lists_of_the_admin_site_to_moderators(model: type[Any]) -> None:
    world = World("public")
    path = f"GET /admin/{model._meta.app_label}/{model._meta.model_name}/"
    assert {person: world.answer(path, person) for person in PEOPLE} == STAFF.of("public")


def _leave(answer: Any) -> None:
    """Close a stream that nobody reads, and not the database with it, as the end of a request does."""
    request_finished.disconnect(close_old_connections)
    answer.close()
    request_finished.connect(close_old_connections)


def _bearer(person: User, **fields: Any) -> dict[str, str]:
    secret = keys.new_key()
    ApiKey.objects.create(user=person, key_sha256=keys.digest(secret), prefix=secret[: keys.SHOWN], **fields)
    return {"Authorization": f"Bearer {secret}"}
