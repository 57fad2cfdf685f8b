from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import services
from accounts.models import RefreshToken, User
from accounts.services import MOST_FORGOTTEN
from tests.api.clients import Answer, get, post, said
from tests.base import user

pytestmark = pytest.mark.django_db

ALICE = {"email": "alice@example.org", "password": "correct horse"}


class CountingHasher(MD5PasswordHasher):
    """Counts the work that an answer takes; a clock would tell less."""

    algorithm = "counting"
    work = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).work += 1
        return super().encode(password, salt)


def log_in(client: Client, **change: str) -> Answer:
    return post(client, "login", {**ALICE, **change})


def expired(owner: User, count: int) -> None:
    long_ago = timezone.now() - timedelta(days=1)
    RefreshToken.objects.bulk_create(
        RefreshToken(user=owner, family=owner.pk, token_sha256=str(number), expires_at=long_ago)
        for number in range(count)
    )


@pytest.fixture
def alice(logins: Settings) -> User:
    return user("alice")


class TestLogin:
    def test_it_works(self, client: Client, alice: User) -> None:
        answer = log_in(client, email=" ALICE@example.org")
        assert answer.status_code == 200
        assert answer.json()["user_id"] == str(alice.pk)
        assert len(answer.json()["refresh_token"]) == 64
        assert not answer.cookies
        assert "no-store" in answer["Cache-Control"]

    def test_it_keeps_no_token_that_can_be_used(self, client: Client, alice: User) -> None:
        token = log_in(client).json()["refresh_token"]
        kept = RefreshToken.objects.get()
        assert token not in (kept.token_sha256, str(kept.family))
        assert (kept.expires_at - kept.created_at).total_seconds() == pytest.approx(7 * 86400, abs=1)

    def test_it_says_the_same_to_all_who_fail(self, client: Client, alice: User) -> None:
        User.objects.create_user("gina", "gina@example.org")
        failures = [
            log_in(client, email="no@example.org"),
            log_in(client, password="x"),
            log_in(client, email="gina@example.org"),
        ]
        assert {said(answer) for answer in failures} == {(401, "unauthorized")}
        assert len({answer.content for answer in failures}) == 1

    def test_it_works_as_hard_for_an_unknown_name(self, client: Client, logins: Settings) -> None:
        logins.PASSWORD_HASHERS = ["tests.api.test_login.CountingHasher"]
        user("alice")
        User.objects.create_user("gina", "gina@example.org")
        work = []
        for email in ("alice@example.org", "no@example.org", "gina@example.org"):
            before = CountingHasher.work
            log_in(client, email=email, password="wrong")
            work.append(CountingHasher.work - before)
        assert work == [1, 1, 1]

    def test_it_looks_at_the_address_only(self, client: Client, alice: User) -> None:
        assert said(log_in(client, email="alice")) == (400, "bad_request")
        assert said(log_in(client, password="")) == (401, "unauthorized")

    def test_it_lets_no_banned_one_in(self, client: Client, alice: User) -> None:
        User.objects.update(is_active=False)
        assert said(log_in(client)) == (401, "unauthorized")

    def test_it_ignores_a_stale_bearer(self, client: Client, alice: User) -> None:
        assert post(client, "login", ALICE, bearer="stale").status_code == 200

    def test_it_misses_the_secret(self, client: Client) -> None:
        assert said(log_in(client)) == (500, "internal")


class TestLimits:
    def test_it_stops_who_guesses(self, client: Client, alice: User, logins: Settings) -> None:
        for number in range(logins.AXES_FAILURE_LIMIT - 1):
            assert log_in(client, email="Alice@example.org", password=f"guess {number}").status_code == 401
        assert said(log_in(client, password="the last guess")) == (429, "throttled")
        answer = log_in(client)
        assert said(answer) == (429, "throttled")
        assert int(answer["Retry-After"]) > 800

    def test_it_stops_who_guesses_for_nobody_just_so(self, client: Client, logins: Settings) -> None:
        answers = [said(log_in(client)) for _ in range(logins.AXES_FAILURE_LIMIT)]
        assert answers[-2:] == [(401, "unauthorized"), (429, "throttled")]

    def test_it_forgets_failures_once_one_is_in(self, client: Client, alice: User, logins: Settings) -> None:
        for password in ("guess", "correct horse") * logins.AXES_FAILURE_LIMIT:
            assert log_in(client, password=password).status_code in (200, 401)

    def test_it_lets_the_owner_in_from_elsewhere(self, client: Client, alice: User, logins: Settings) -> None:
        logins.OPENSESSION_PROFILE = "server"
        for _ in range(logins.AXES_FAILURE_LIMIT):
            log_in(client, password="guess")
        elsewhere = client.post("/api/auth/login", ALICE, content_type="application/json", REMOTE_ADDR="192.0.2.7")
        assert elsewhere.status_code == 200

    def test_it_believes_no_client_about_its_address(self, client: Client, alice: User, logins: Settings) -> None:
        logins.OPENSESSION_PROFILE = "server"
        for number in range(logins.AXES_FAILURE_LIMIT):
            client.post(
                "/api/auth/login",
                {**ALICE, "password": "x"},
                content_type="application/json",
                headers={"X-Forwarded-For": f"192.0.2.{number}"},
            )
        assert said(log_in(client)) == (429, "throttled")

    def test_it_sees_through_a_known_proxy(self, client: Client, alice: User, logins: Settings) -> None:
        logins.OPENSESSION_PROFILE = "server"
        logins.REST_FRAMEWORK = {**logins.REST_FRAMEWORK, "NUM_PROXIES": 1}
        for number in range(logins.AXES_FAILURE_LIMIT):
            client.post(
                "/api/auth/login",
                {**ALICE, "password": "x"},
                content_type="application/json",
                headers={"X-Forwarded-For": f"198.51.100.{number}, 192.0.2.1"},
            )
        blocked, other = (
            client.post("/api/auth/login", ALICE, content_type="application/json", headers={"X-Forwarded-For": address})
            for address in ("192.0.2.1", "192.0.2.2")
        )
        assert (blocked.status_code, other.status_code) == (429, 200)

    def test_it_counts_requests_of_all_processes(self, client: Client, alice: User, logins: Settings) -> None:
        rates = {**logins.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "login": "2/min"}
        logins.REST_FRAMEWORK = {**logins.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
        answers = [log_in(client) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert "Retry-After" in answers[-1]
        key_prefix = logins.CACHES["default"]["KEY_PREFIX"]
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM cache WHERE cache_key LIKE %s", [f"{key_prefix}:%"])
            assert cursor.fetchone() == (1,)


class TestRefresh:
    def refresh(self, client: Client, token: str) -> Answer:
        return post(client, "refresh", {"refresh_token": token})

    def test_it_works(self, client: Client, alice: User) -> None:
        first = log_in(client).json()["refresh_token"]
        answer = self.refresh(client, first)
        assert answer.status_code == 200
        assert answer.json()["refresh_token"] != first
        assert get(client, "me", bearer=answer.json()["access_token"]).status_code == 200
        assert self.refresh(client, answer.json()["refresh_token"]).status_code == 200

    def test_it_ends_the_family_of_a_token_that_two_hold(self, client: Client, alice: User) -> None:
        other = log_in(client).json()["refresh_token"]
        stolen = log_in(client).json()["refresh_token"]
        second = self.refresh(client, stolen).json()["refresh_token"]
        assert said(self.refresh(client, stolen)) == (401, "unauthorized")
        assert said(self.refresh(client, second)) == (401, "unauthorized")
        assert self.refresh(client, other).status_code == 200

    def test_it_refuses_an_old_one(self, client: Client, alice: User) -> None:
        token = log_in(client).json()["refresh_token"]
        kept = RefreshToken.objects.get()
        RefreshToken.objects.update(expires_at=kept.created_at - timedelta(seconds=1))
        assert said(self.refresh(client, token)) == (401, "unauthorized")
        log_in(client)
        assert RefreshToken.objects.count() == 1

    def test_it_forgets_expired_ones_of_others_some_at_a_time(
        self, client: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        expired(user("bob"), MOST_FORGOTTEN + 2)
        token = log_in(client).json()["refresh_token"]
        assert RefreshToken.objects.filter(user__nickname="bob").count() == 2
        assert self.refresh(client, token).status_code == 200
        assert set(RefreshToken.objects.values_list("user__nickname")) == {("alice",)}
        with django_assert_num_queries(4):  # Two of them begin and end the transaction.
            services.issue_tokens(user=alice)

    @pytest.mark.sqlite
    def test_it_finds_expired_ones_by_an_index(self, alice: User) -> None:
        with CaptureQueriesContext(connection) as asked:
            services.issue_tokens(user=alice)
        (delete,) = (query["sql"] for query in asked if query["sql"].startswith("DELETE"))
        with connection.cursor() as cursor:
            steps = cursor.execute(f"EXPLAIN QUERY PLAN {delete}").fetchall()
        assert not [step for *_, step in steps if "SCAN" in step or "TEMP B-TREE" in step]

    def test_it_refuses_a_banned_one(self, client: Client, alice: User) -> None:
        token = log_in(client).json()["refresh_token"]
        User.objects.update(is_active=False)
        assert said(self.refresh(client, token)) == (401, "unauthorized")

    @pytest.mark.parametrize("token", ["", "x", "0" * 64])
    def test_it_refuses_what_it_never_gave(self, client: Client, logins: Settings, token: str) -> None:
        assert said(self.refresh(client, token)) == (401, "unauthorized")

    def test_it_misses_the_secret(self, client: Client) -> None:
        assert said(self.refresh(client, "x")) == (500, "internal")


class TestLogout:
    def test_it_works(self, client: Client, alice: User) -> None:
        first = log_in(client).json()["refresh_token"]
        second = post(client, "refresh", {"refresh_token": first}).json()["refresh_token"]
        assert post(client, "logout", {"refresh_token": second}).json() == {"ok": True}
        assert post(client, "refresh", {"refresh_token": second}).status_code == 401

    def test_it_says_yes_to_everything(self, client: Client) -> None:
        assert post(client, "logout", {"refresh_token": "unknown"}).json() == {"ok": True}
        assert said(post(client, "logout", {})) == (400, "bad_request")
