from __future__ import annotations

from urllib.parse import quote

import pytest
from axes.models import AccessAttempt
from django.test import Client
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from accounts.models import User
from tests.base import user
from tests.factories import make_session

pytestmark = pytest.mark.django_db

ALICE = {"email": "Alice@example.org", "password": "correct horse"}
DAVE = {"email": "dave@example.org", "password": "testpass99", "nickname": "dave"}
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "javascript:alert(1)",
    "http:///evil.example",
]


@pytest.fixture
def alice(logins: Settings) -> User:
    return user("alice")


def logged_in(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


class TestOff:
    @pytest.mark.parametrize("path", ["/login", "/register", "/settings"])
    def test_it_hides_everything_where_there_are_no_accounts(self, client: Client, path: str) -> None:
        assert client.get(path).status_code == 404
        assertNotContains(client.get("/sessions"), "Login")

    def test_it_logs_nobody_out_who_cannot_log_in(self, client: Client) -> None:
        assert client.post("/logout").status_code == 404


class TestLogin:
    def test_it_works(self, client: Client, alice: User) -> None:
        assertContains(client.get("/sessions"), 'href="/login"')
        page = client.get("/login")
        assertContains(page, 'autocomplete="current-password"')
        assert "no-store" in page["Cache-Control"]
        assertRedirects(client.post("/login", ALICE), "/sessions")
        assert logged_in(client) == str(alice.pk)
        home = client.get("/sessions")
        assertContains(home, "[alice]")
        assertNotContains(home, "/login")

    def test_it_goes_where_one_wanted_to(self, client: Client, alice: User) -> None:
        assertContains(client.get("/login?next=/settings"), 'name="next" value="/settings"')
        assertRedirects(client.post("/login", {**ALICE, "next": "/settings"}), "/settings")
        assertRedirects(client.get("/login?next=/settings"), "/settings")

    @pytest.mark.parametrize("url", ELSEWHERE)
    def test_it_goes_nowhere_else(self, client: Client, alice: User, url: str) -> None:
        assertRedirects(client.post("/login", {**ALICE, "next": url}), "/sessions")

    @pytest.mark.parametrize("change", [{"password": "guess"}, {"email": "no@example.org"}])
    def test_it_says_the_same_to_all_who_fail(self, client: Client, alice: User, change: dict[str, str]) -> None:
        answer = client.post("/login", {**ALICE, **change})
        assert answer.status_code == 422
        assertContains(answer, "The e-mail or the password is wrong", status_code=422)
        assertNotContains(answer, change.get("password", "correct horse"), status_code=422)
        assert logged_in(client) is None

    def test_it_marks_what_is_not_filled_in(self, client: Client, logins: Settings) -> None:
        answer = client.post("/login", {"email": "x"})
        assertContains(answer, 'aria-invalid="true"', 2, status_code=422)

    def test_it_stops_who_guesses(self, client: Client, alice: User, logins: Settings) -> None:
        for _ in range(logins.AXES_FAILURE_LIMIT):
            client.post("/login", {**ALICE, "password": "guess"})
        assertContains(client.post("/login", ALICE), "Too many failed logins", status_code=429)
        assert "guess" not in str(AccessAttempt.objects.values())

    def test_it_wants_a_form_of_ours(self, alice: User) -> None:
        answer = Client(enforce_csrf_checks=True).post("/login", ALICE)
        assertContains(answer, "load the page anew", status_code=403)
        # The policy lets no style within a page through, as Django's own answer has it.
        assertNotContains(answer, "<style", status_code=403)

    def test_it_takes_a_new_session(self, client: Client, alice: User) -> None:
        session = client.session
        session["planted"] = True
        session.save()
        planted = session.session_key
        client.post("/login", ALICE)
        assert client.session.session_key != planted


class TestLogout:
    def test_it_works(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        assertContains(refused := client.get("/logout"), "Go back to the form", status_code=405)
        assert refused["Allow"] == "POST"
        assertNotContains(client.options("/sessions"), "form", status_code=405)
        answer = client.post("/logout", follow=True)
        assertRedirects(answer, "/sessions")
        assertContains(answer, "You are logged out.")
        assert logged_in(client) is None


class TestStrangers:
    def test_it_tells_them_that_a_login_may_help(self, client: Client, alice: User, logins: Settings) -> None:
        logins.OPENSESSION_PROFILE = "server"
        for visibility, path, status in (("private", "", 404), ("private", "/share", 404), ("public", "/share", 403)):
            session = make_session(origin="uploaded", owner=alice, visibility=visibility)
            url = f"/session/{session.pk}{path}"
            assertContains(client.get(url), f'href="/login?next={quote(url, safe="")}"', status_code=status)
            client.force_login(user(f"reader{path}{status}".replace("/", "-")))
            assertNotContains(client.get(url), "log in", status_code=status)
            client.logout()


class TestRegister:
    def test_it_works(self, client: Client, alice: User) -> None:
        answer = client.post("/register", {**DAVE, "next": "/settings"}, follow=True)
        assertRedirects(answer, "/settings")
        assertContains(answer, "Welcome, dave.")
        assert logged_in(client) == str(User.objects.get(nickname="dave").pk)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"email": "ALICE@example.org"}, "This e-mail address is registered already."),
            ({"nickname": "alice"}, "This nickname is taken already."),
            ({"nickname": "a/b"}, "Choose a name without @ or /."),
            ({"password": "password"}, "This password is too common."),
        ],
    )
    def test_it_says_beside_the_field_what_is_wrong(
        self, client: Client, alice: User, change: dict[str, str], said: str
    ) -> None:
        answer = client.post("/register", {**DAVE, **change})
        (field,) = change
        beside = f'<ul class="errorlist" id="register-{field}_error"><li>{said}</li></ul>'
        assertContains(answer, beside, status_code=422, html=True)
        assertContains(answer, "autofocus", 1, status_code=422)
        assert logged_in(client) is None

    def test_it_is_not_for_robots(self, client: Client, logins: Settings) -> None:
        rates = {**logins.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "register": "1/hour"}
        logins.REST_FRAMEWORK = {**logins.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
        assert client.post("/register", {**DAVE, "nickname": "a/b"}).status_code == 422
        assertContains(client.post("/register", DAVE), "too often", status_code=429)


def test_it_shows_a_nickname_as_text(client: Client, logins: Settings) -> None:
    client.force_login(user("<b>mallory"))
    assertContains(client.get("/sessions"), "[&lt;b&gt;mallory]")
