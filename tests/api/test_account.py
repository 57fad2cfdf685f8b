from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts import keys
from accounts.models import ApiKey, OAuthIdentity, User
from tests.api.clients import get, post, said, token_of
from tests.base import user

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(logins: Settings) -> User:
    return user("alice")


@pytest.fixture
def token(alice: User) -> str:
    return token_of(alice)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "verify"),
        ("GET", "me"),
        ("POST", "api-keys/issue"),
        ("GET", "api-keys"),
        ("DELETE", "api-keys/00000000-0000-0000-0000-000000000000"),
        ("PUT", "password"),
    ],
)
def test_it_asks_who_is_there_before_it_reads_the_body(
    client: Client, logins: Settings, method: str, path: str
) -> None:
    for bearer in ("", "no.such.token", "osk_" + "0" * 32):
        assert said(post(client, path, bearer=bearer, method=method)) == (401, "unauthorized")
    answer = client.generic(method, f"/api/auth/{path}", "{garbage", content_type="application/json")
    assert said(answer) == (401, "unauthorized")
    assert answer["WWW-Authenticate"] == "Bearer"


class TestMe:
    def test_it_works(self, client: Client, alice: User, token: str) -> None:
        assert post(client, "verify", bearer=token).json() == {"user_id": str(alice.pk), "nickname": "alice"}
        body = get(client, "me", bearer=token).json()
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", body.pop("created_at"))
        assert body == {
            "user_id": str(alice.pk),
            "nickname": "alice",
            "email": "alice@example.org",
            "avatar_url": None,
            "oauth_providers": [],
        }

    def test_it_shows_identities(self, client: Client, alice: User, token: str) -> None:
        OAuthIdentity.objects.create(
            user=alice, provider="gitlab", provider_user_id="7", avatar_url="https://x.example/a"
        )
        OAuthIdentity.objects.create(user=alice, provider="github", provider_user_id="7", provider_username="ali")
        body = get(client, "me", bearer=token).json()
        assert body["avatar_url"] == "https://x.example/a"
        assert body["oauth_providers"] == [
            {"provider": "github", "provider_username": "ali", "display_name": "GitHub"},
            {"provider": "gitlab", "provider_username": "", "display_name": "GitLab"},
        ]

    def test_it_knows_nobody_who_is_gone(self, client: Client, alice: User, token: str) -> None:
        alice.delete()
        assert said(get(client, "me", bearer=token)) == (401, "unauthorized")

    def test_it_takes_no_cookie(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        assert said(get(client, "me")) == (401, "unauthorized")


class TestKeys:
    def issue(self, client: Client, bearer: str) -> str:
        return str(post(client, "api-keys/issue", bearer=bearer).json()["api_key"])

    def test_it_works(self, client: Client, token: str) -> None:
        key = self.issue(client, token)
        assert re.fullmatch("osk_[0-9a-f]{32}", key)
        assert get(client, "me", bearer=key).json()["nickname"] == "alice"
        kept = ApiKey.objects.get()
        assert (kept.prefix, kept.key_sha256) == (key[:12], keys.digest(key))

    def test_it_works_without_the_secret(self, client: Client, token: str, logins: Settings) -> None:
        key = self.issue(client, token)
        logins.AUTH_ENABLED, logins.JWT_SECRET = False, ""
        assert said(get(client, "me", bearer=token)) == (401, "unauthorized")
        assert get(client, "me", bearer=key).status_code == 200
        assert get(client, "me", bearer=self.issue(client, key)).status_code == 200

    def test_it_leaves_the_older_ones_a_week(self, client: Client, token: str) -> None:
        first, second = self.issue(client, token), self.issue(client, token)
        grace = ApiKey.objects.get(prefix=first[:12])
        assert grace.status == "grace"
        assert grace.grace_until is not None
        third = self.issue(client, token)
        assert ApiKey.objects.get(pk=grace.pk).grace_until == grace.grace_until
        assert {get(client, "me", bearer=key).status_code for key in (first, second, third)} == {200}
        ApiKey.objects.filter(pk=grace.pk).update(grace_until=timezone.now() - timedelta(seconds=1))
        assert said(get(client, "me", bearer=first)) == (401, "unauthorized")
        states = [each["status"] for each in get(client, "api-keys", bearer=token).json()["api_keys"]]
        assert states == ["active", "grace", "expired"]

    def test_it_lists_only_ones_own(self, client: Client, token: str) -> None:
        key = self.issue(client, token)
        self.issue(client, token_of(user("charlie")))
        (listed,) = get(client, "api-keys", bearer=token).json()["api_keys"]
        assert sorted(listed) == ["created_at", "grace_until", "id", "last_used_at", "prefix", "status"]
        assert listed["prefix"] == key[:12]
        assert datetime.fromisoformat(listed["created_at"]) == ApiKey.objects.get(pk=listed["id"]).created_at
        assert (listed["grace_until"], listed["last_used_at"]) == (None, None)
        assert key not in str(listed)

    def test_it_lists_many_as_fast_as_one(
        self, client: Client, token: str, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _ in range(3):
            self.issue(client, token)
        with django_assert_num_queries(2):
            get(client, "api-keys", bearer=token)

    def test_it_revokes(self, client: Client, token: str) -> None:
        key = self.issue(client, token)
        path = f"api-keys/{ApiKey.objects.get().pk}"
        assert post(client, path, bearer=token, method="DELETE").json() == {"ok": True}
        assert said(get(client, "me", bearer=key)) == (401, "unauthorized")
        ended = ApiKey.objects.get().revoked_at
        assert post(client, path, bearer=token, method="DELETE").status_code == 200
        assert ended is not None
        assert ApiKey.objects.get().revoked_at == ended

    def test_it_revokes_only_ones_own(self, client: Client, token: str) -> None:
        self.issue(client, token)
        path = f"api-keys/{ApiKey.objects.get().pk}"
        assert said(post(client, path, bearer=token_of(user("charlie")), method="DELETE")) == (404, "not_found")
        assert ApiKey.objects.get().status == "active"

    def test_it_notes_the_use_once_a_minute(self, client: Client, token: str) -> None:
        key = self.issue(client, token)
        get(client, "me", bearer=key)
        first = ApiKey.objects.get().last_used_at
        assert first is not None
        get(client, "me", bearer=key)
        assert ApiKey.objects.get().last_used_at == first
        ApiKey.objects.update(last_used_at=first - timedelta(minutes=1))
        get(client, "me", bearer=key)
        noted = ApiKey.objects.get().last_used_at
        assert noted is not None
        assert noted >= first


class TestPassword:
    def change(self, client: Client, bearer: str, current: str, new: str) -> tuple[int, str]:
        answer = post(
            client, "password", {"current_password": current, "new_password": new}, bearer=bearer, method="PUT"
        )
        return (200, "ok") if answer.json() == {"ok": True} else said(answer)

    def test_it_works(self, client: Client, alice: User, token: str) -> None:
        refresh = post(client, "login", {"email": "alice@example.org", "password": "correct horse"}).json()[
            "refresh_token"
        ]
        assert self.change(client, token, "correct horse", "battery staple") == (200, "ok")
        assert User.objects.get(pk=alice.pk).check_password("battery staple")
        assert said(post(client, "refresh", {"refresh_token": refresh})) == (401, "unauthorized")

    def test_it_wants_the_current_one(self, client: Client, token: str) -> None:
        assert self.change(client, token, "wrong", "battery staple") == (401, "unauthorized")

    @pytest.mark.parametrize("new", ["short", "x7" * 65, "password", "alice@example.org"])
    def test_it_wants_a_good_new_one(self, client: Client, token: str, new: str) -> None:
        assert self.change(client, token, "correct horse", new) == (400, "bad_request")

    def test_it_gives_none_to_who_logs_in_elsewhere(self, client: Client, logins: Settings) -> None:
        gina = User.objects.create_user("gina", "gina@example.org")
        assert self.change(client, token_of(gina), "", "battery staple") == (400, "bad_request")

    def test_it_wants_both(self, client: Client, token: str) -> None:
        assert said(post(client, "password", {"new_password": "x"}, bearer=token, method="PUT")) == (400, "bad_request")
