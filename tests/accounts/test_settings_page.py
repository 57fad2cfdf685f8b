from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts import keys, services
from accounts.models import ApiKey, User
from tests.base import user

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client: Client, logins: Settings) -> User:
    """Return alice, who is logged in."""
    alice = user("alice")
    client.force_login(alice)
    return alice


def test_it_works(client: Client, alice: User) -> None:
    page = client.get("/settings")
    for text in ("alice@example.org", str(alice.pk), "API keys", "Current password"):
        assertContains(page, text)
    assertNotContains(page, "Moderator")


def test_it_asks_for_a_login(client: Client, logins: Settings) -> None:
    assertContains(client.get("/settings"), "Sign in is required", status_code=403)
    for path in ("/settings/password", "/settings/keys", "/settings/keys/00000000-0000-0000-0000-000000000000/revoke"):
        assert client.post(path).status_code == 403


class TestKeys:
    def test_it_shows_a_new_key_once(self, client: Client, alice: User) -> None:
        page = client.post("/settings/keys")
        found = re.search("osk_[0-9a-f]{32}", page.content.decode())
        assert found is not None
        assert keys.digest(found[0]) == ApiKey.objects.get().key_sha256
        assert "no-store" in page["Cache-Control"]
        later = client.get("/settings")
        assertNotContains(later, found[0])
        assertContains(later, f"{found[0][:12]}…")
        assertContains(later, "never")

    def test_it_shows_what_becomes_of_older_ones(self, client: Client, alice: User) -> None:
        for _ in range(2):
            services.issue_key(user=alice)
        assertContains(client.get("/settings"), "grace until")

    def test_it_revokes(self, client: Client, alice: User) -> None:
        services.issue_key(user=alice)
        path = f"/settings/keys/{ApiKey.objects.get().pk}/revoke"
        answer = client.post(path, follow=True)
        assertRedirects(answer, "/settings")
        assertContains(answer, "The key is revoked.")
        assertNotContains(answer, path)
        assert ApiKey.objects.get().status == "revoked"

    def test_it_leaves_keys_of_others_alone(self, client: Client, alice: User) -> None:
        services.issue_key(user=user("charlie"))
        theirs = ApiKey.objects.get()
        assertNotContains(client.get("/settings"), theirs.prefix)
        assert client.post(f"/settings/keys/{theirs.pk}/revoke").status_code == 404

    def test_it_makes_not_too_many(self, client: Client, alice: User, logins: Settings) -> None:
        rates = {**logins.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "keys": "1/hour"}
        logins.REST_FRAMEWORK = {**logins.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
        client.post("/settings/keys")
        assertContains(client.post("/settings/keys", follow=True), "too often")
        assert ApiKey.objects.count() == 1

    def test_it_asks_as_little_for_many(
        self, client: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _ in range(5):
            services.issue_key(user=alice)
        with django_assert_num_queries(4):
            client.get("/settings")


class TestPassword:
    def test_it_works(self, client: Client, alice: User) -> None:
        elsewhere = Client()
        elsewhere.force_login(alice)
        refresh = services.issue_tokens(user=alice).refresh
        answer = client.post("/settings/password", {"current": "correct horse", "new": "battery staple"}, follow=True)
        assertContains(answer, "The password is changed.")
        assertContains(client.get("/settings"), "[alice]")
        assert elsewhere.get("/settings").status_code == 403
        assert services.rotate(refresh=refresh) is None

    @pytest.mark.parametrize(
        ("form", "said"),
        [
            ({"current": "wrong", "new": "battery staple"}, "The current password is wrong."),
            ({"current": "correct horse", "new": "password"}, "too common"),
            ({"current": "correct horse"}, "required"),
        ],
    )
    def test_it_says_what_is_wrong(self, client: Client, alice: User, form: dict[str, str], said: str) -> None:
        answer = client.post("/settings/password", form)
        assertContains(answer, said, status_code=422)
        assertContains(answer, "autofocus", 1, status_code=422)
        assert User.objects.get().check_password("correct horse")

    def test_it_takes_not_too_many_guesses(self, client: Client, alice: User, logins: Settings) -> None:
        rates = {**logins.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "change": "1/hour"}
        logins.REST_FRAMEWORK = {**logins.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
        form = {"current": "guess", "new": "battery staple"}
        assert [client.post("/settings/password", form).status_code for _ in range(2)] == [422, 429]

    def test_it_has_no_form_for_who_has_none(self, client: Client, logins: Settings) -> None:
        client.force_login(User.objects.create_user("gina"))
        page = client.get("/settings")
        assertNotContains(page, "Current password")
        assertContains(page, "not linked")


def test_it_links_moderators_to_the_admin(client: Client, logins: Settings) -> None:
    client.force_login(user("erin", is_staff=True))
    assertContains(client.get("/settings"), 'href="/admin/"')
