from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.api.clients import get, post, said
from tests.base import user

pytestmark = pytest.mark.django_db

DAVE = {"email": "dave@example.org", "password": "testpass99", "nickname": "dave"}


def test_it_works(client: Client, logins: Settings) -> None:
    answer = post(client, "register", {**DAVE, "email": " Dave@Example.org ", "nickname": "  dave ", "color": "red"})
    assert answer.status_code == 201
    dave = User.objects.get(nickname="dave")
    assert (dave.email, dave.check_password("testpass99")) == ("dave@example.org", True)
    body = answer.json()
    assert sorted(body) == ["access_token", "expires_in", "nickname", "refresh_token", "user_id"]
    assert (body["user_id"], body["nickname"], body["expires_in"]) == (str(dave.pk), "dave", 3600)
    assert get(client, "me", bearer=body["access_token"]).json()["user_id"] == body["user_id"]


@pytest.mark.parametrize("change", [{"email": "ALICE@example.org"}, {"nickname": "alice"}])
def test_it_takes_an_address_and_a_nickname_once(client: Client, logins: Settings, change: dict[str, str]) -> None:
    user("alice")
    answer = post(client, "register", {**DAVE, **change})
    assert said(answer) == (409, "conflict")
    assert "already" in answer.json()["message"]


def test_it_takes_a_nickname_in_another_case(client: Client, logins: Settings) -> None:
    user("alice")
    assert post(client, "register", {**DAVE, "nickname": "Alice"}).status_code == 201


@pytest.mark.parametrize(
    "change",
    [
        {"email": ""},
        {"email": "dave"},
        {"email": "a@" + "x" * 253},
        {"email": "ä" * 126 + "@ex"},
        {"password": "short77"},
        {"password": "x7" * 65},
        {"password": "password"},
        {"password": "8482712349"},
        {"password": "dave@example.org"},
        {"nickname": "  "},
        {"nickname": "x" * 65},
        {"nickname": "ä" * 33},
        {"nickname": "a/b"},
        {"nickname": "operator@localhost"},
        {"nickname": "da\nve"},
        {"nickname": "da\x00ve"},
        {"nickname": "\ud800"},
        {"nickname": 7},
        {"password": None},
    ],
)
def test_it_refuses_what_no_account_can_have(client: Client, logins: Settings, change: dict[str, object]) -> None:
    assert said(post(client, "register", {**DAVE, **change})) == (400, "bad_request")
    assert not User.objects.exists()


@pytest.mark.parametrize("change", [{"nickname": "x" * 64}, {"password": "x7" * 64}, {"email": "e2e-1@local.test"}])
def test_it_takes_the_longest(client: Client, logins: Settings, change: dict[str, str]) -> None:
    assert post(client, "register", {**DAVE, **change}).status_code == 201


def test_it_looks_at_the_address_first_then_the_password_then_the_nickname(client: Client, logins: Settings) -> None:
    wrong = {"email": "no", "password": "no", "nickname": ""}
    for field, named in (("email", "e-mail"), ("password", "password"), ("nickname", "nickname")):
        assert named in post(client, "register", wrong).json()["message"]
        wrong[field] = DAVE[field]


@pytest.mark.parametrize("body", ["{", "[]", '"x"', "{}", '{"email": "a@b.c"}'])
def test_it_wants_an_object_with_all_fields(client: Client, logins: Settings, body: str) -> None:
    answer = client.post("/api/auth/register", body, content_type="application/json")
    assert said(answer) == (400, "bad_request")


def test_it_wants_json(client: Client, logins: Settings) -> None:
    assert said(client.post("/api/auth/register", DAVE)) == (415, "unsupported_media_type")


def test_it_reads_the_body_before_it_misses_the_secret(client: Client) -> None:
    assert said(client.post("/api/auth/register", "{", content_type="application/json")) == (400, "bad_request")
    assert said(post(client, "register", DAVE)) == (500, "internal")
    assert said(post(client, "register", {**DAVE, "email": "no"})) == (500, "internal")


class TestFirst:
    def test_it_makes_the_first_one_a_moderator(self, client: Client, logins: Settings) -> None:
        User.objects.operator()
        post(client, "register", DAVE)
        post(client, "register", {**DAVE, "email": "erin@example.org", "nickname": "erin"})
        assert User.objects.get(nickname="dave").is_staff
        assert not User.objects.get(nickname="erin").is_staff

    def test_it_makes_nobody_one_when_told(self, client: Client, logins: Settings) -> None:
        logins.OPENSESSION_FIRST_USER_IS_STAFF = False
        post(client, "register", DAVE)
        assert not User.objects.get(nickname="dave").is_staff
