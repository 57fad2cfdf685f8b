"""Logging in with a provider, from the first click to the last redirect."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertRedirects

from accounts.models import OAuthIdentity, OAuthState, User
from tests.accounts.fake_provider import Provider
from tests.api.clients import Answer, get, post, said, token_of
from tests.base import user

pytestmark = pytest.mark.django_db


def begin(client: Client, name: str = "github", query: str = "") -> str:
    """Begin a login, and return the state that the provider is given."""
    answer = client.get(f"/api/auth/oauth/{name}{query}")
    assert answer.status_code == 302
    return parse_qs(urlsplit(answer["Location"]).query)["state"][0]


def come_back(client: Client, state: str, name: str = "github", **query: str) -> Answer:
    return client.get(f"/api/auth/oauth/{name}/callback", {"code": "c1", "state": state, **query})


def log_in(client: Client, name: str = "github", query: str = "") -> Answer:
    return come_back(client, begin(client, name, query), name)


def tokens_in(answer: Answer) -> dict[str, str]:
    assert answer.status_code == 302
    url = urlsplit(answer["Location"])
    assert (url.path, url.query) == ("/auth/callback", "")
    return dict(parse_qsl(url.fragment))


class TestProviders:
    def test_it_works(self, client: Client, provider: Provider) -> None:
        assert get(client, "providers").json() == {
            "email_password": True,
            "oauth": [{"id": "github", "display_name": "GitHub"}, {"id": "gitlab", "display_name": "GitLab"}],
        }

    def test_it_lists_those_that_are_configured_whole(
        self, client: Client, provider: Provider, settings: Settings
    ) -> None:
        settings.GITLAB_URL, settings.AUTH_ENABLED = "", False
        body = get(client, "providers").json()
        assert (body["email_password"], [each["id"] for each in body["oauth"]]) == (False, ["github"])

    def test_it_lists_none(self, client: Client) -> None:
        assert get(client, "providers").json() == {"email_password": False, "oauth": []}


class TestStart:
    def test_it_works(self, client: Client, provider: Provider) -> None:
        answer = client.get("/api/auth/oauth/github")
        assert answer.status_code == 302
        assert re.fullmatch(
            re.escape(f"{provider.url}/login/oauth/authorize?client_id=hub%20id")
            + re.escape("&redirect_uri=http%3A%2F%2Ftestserver%2Fapi%2Fauth%2Foauth%2Fgithub%2Fcallback&state=")
            + "[0-9a-f]{64}"
            + re.escape("&scope=read%3Auser%2Cuser%3Aemail&response_type=code"),
            answer["Location"],
        )
        kept = OAuthState.objects.get()
        assert kept.user is None
        assert (kept.expires_at - timezone.now()).total_seconds() == pytest.approx(600, abs=30)

    def test_it_binds_the_browser(self, client: Client, provider: Provider) -> None:
        cookie = client.get("/api/auth/oauth/github").cookies["opensession_oauth"]
        assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 3600)

    def test_it_sends_browsers_to_the_gitlab_that_they_can_see(self, client: Client, provider: Provider) -> None:
        location = client.get("/api/auth/oauth/gitlab")["Location"]
        assert location.startswith("https://gitlab.example.org/oauth/authorize?client_id=lab%20id&")

    def test_it_comes_back_to_the_configured_address(
        self, client: Client, provider: Provider, settings: Settings
    ) -> None:
        settings.BASE_URL = "https://sessions.example.org"
        location = client.get("/api/auth/oauth/github")["Location"]
        assert "redirect_uri=https%3A%2F%2Fsessions.example.org%2Fapi" in location

    def test_it_lets_no_client_choose_the_host(self, client: Client, provider: Provider, settings: Settings) -> None:
        settings.OPENSESSION_PROFILE = "server"
        headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
        assert "evil" not in client.get("/api/auth/oauth/github", headers=headers)["Location"]

    def test_it_knows_the_provider_before_it_misses_the_secret(
        self, client: Client, provider: Provider, settings: Settings
    ) -> None:
        settings.AUTH_ENABLED = False
        assert said(client.get("/api/auth/oauth/nobody")) == (404, "not_found")
        assert said(client.get("/api/auth/oauth/github")) == (500, "internal")


class TestCallback:
    def test_it_makes_an_account(self, client: Client, provider: Provider) -> None:
        tokens = tokens_in(log_in(client))
        assert tokens["expires_in"] == "3600"
        body = get(client, "me", bearer=tokens["access_token"]).json()
        assert (body["nickname"], body["email"], body["avatar_url"]) == (
            "octo",
            "octo@example.org",
            "https://x.example/7",
        )
        assert body["oauth_providers"][0]["provider_username"] == "octo"
        assert post(client, "refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 200
        octo = User.objects.get()
        assert (octo.has_usable_password(), octo.is_staff) == (False, True)
        assertContains(client.get("/auth/callback"), "You are logged in")

    def test_it_asks_the_provider_as_agreed(self, client: Client, provider: Provider) -> None:
        log_in(client)
        (token, user, emails) = provider.asked
        assert token[0] == "/login/oauth/access_token"
        assert token[1] == {
            "client_id": "hub id",
            "client_secret": "hub secret",
            "code": "c1",
            "grant_type": "authorization_code",
            "redirect_uri": "http://testserver/api/auth/oauth/github/callback",
        }
        assert token[2]["Accept"] == "application/json"
        assert token[2]["Content-Type"] == "application/x-www-form-urlencoded"
        assert [user[0], emails[0]] == ["/api/user", "/api/user/emails"]
        assert user[2]["Authorization"] == "Bearer token-c1"
        assert user[2]["User-Agent"].startswith("OpenSession/")

    def test_it_knows_people_again(self, client: Client, provider: Provider) -> None:
        log_in(client)
        provider.user |= {"login": "octo2", "avatar_url": "https://x.example/8"}
        provider.emails = []
        log_in(Client())
        identity = OAuthIdentity.objects.get()
        assert (identity.provider_username, identity.avatar_url) == ("octo2", "https://x.example/8")
        assert User.objects.get().nickname == "octo"

    def test_it_takes_a_token_as_form_text_too(self, client: Client, provider: Provider) -> None:
        provider.token_answer = "access_token=token-x&token_type=bearer&scope="
        assert tokens_in(log_in(client))["access_token"]

    def test_it_works_with_gitlab(self, client: Client, provider: Provider) -> None:
        provider.user = {"id": "abc", "username": "labrador", "email": "Lab@example.org", "confirmed_at": "2026-01-01"}
        tokens_in(log_in(client, "gitlab"))
        assert [path for path, _, _ in provider.asked] == ["/oauth/token", "/api/v4/user"]
        assert (User.objects.get().nickname, User.objects.get().email) == ("labrador", "lab@example.org")

    def test_it_shows_people_who_wanted_a_page_that_page(self, client: Client, provider: Provider) -> None:
        assertRedirects(log_in(client, query="?next=/settings"), "/settings")
        assertContains(client.get("/settings"), "[octo]")

    def test_it_goes_to_no_page_of_others(self, client: Client, provider: Provider) -> None:
        assert tokens_in(log_in(client, query="?next=https://evil.example/"))


class TestAddresses:
    def test_it_links_by_a_verified_address(self, client: Client, provider: Provider) -> None:
        octo = User.objects.create_user("somebody", "octo@example.org", "correct horse")
        log_in(client)
        assert OAuthIdentity.objects.get().user == octo

    @pytest.mark.parametrize(
        "emails",
        [
            [],
            "nonsense",
            [{"email": "octo@example.org", "primary": True, "verified": False}],
            [{"email": "octo@example.org", "primary": False, "verified": True}],
            [{"email": "octo@example.org", "primary": True, "verified": "true"}],
        ],
    )
    def test_it_trusts_no_other_address(self, client: Client, provider: Provider, emails: object) -> None:
        owner = User.objects.create_user("somebody", "octo@example.org", "correct horse")
        provider.emails = emails
        provider.user["email"] = "octo@example.org"
        log_in(client)
        stranger = OAuthIdentity.objects.get().user
        assert stranger != owner
        assert stranger.email is None

    def test_it_does_without_a_list(self, client: Client, provider: Provider) -> None:
        provider.emails_status = 403
        tokens_in(log_in(client))
        assert User.objects.get().email is None

    def test_it_trusts_no_unconfirmed_address_of_gitlab(self, client: Client, provider: Provider) -> None:
        provider.user |= {"email": "octo@example.org", "confirmed_at": None}
        log_in(client, "gitlab")
        assert User.objects.get().email is None

    def test_it_links_one_account_of_a_provider_only(self, client: Client, provider: Provider) -> None:
        log_in(client)
        provider.user["id"] = 8
        assert said(log_in(Client())) == (409, "conflict")
        assert OAuthIdentity.objects.get().provider_user_id == "7"


class TestNicknames:
    @pytest.mark.parametrize(
        ("username", "nickname"),
        [
            ("alice", "alice-3"),
            ("a/b@c", "a-b-c"),
            ("é" * 40, "é" * 28),
            ("\u202e\n", "user"),
            (None, "unknown"),
        ],
    )
    def test_it_finds_a_free_one(self, client: Client, provider: Provider, username: str | None, nickname: str) -> None:
        for taken in ("alice", "alice-2"):
            user(taken)
        provider.user["login"] = username
        log_in(client)
        assert OAuthIdentity.objects.get().user.nickname == nickname


class TestStates:
    def test_it_takes_a_state_once(self, client: Client, provider: Provider) -> None:
        state = begin(client)
        cookie = client.cookies["opensession_oauth"].value
        tokens_in(come_back(client, state))
        client.cookies["opensession_oauth"] = cookie
        assert said(come_back(client, state)) == (400, "bad_request")
        assert not OAuthState.objects.exists()

    def test_it_takes_a_state_from_the_browser_that_began_only(self, client: Client, provider: Provider) -> None:
        state = begin(client)
        victim = Client()
        assert said(come_back(victim, state)) == (400, "bad_request")
        begin(victim)
        assert said(come_back(victim, state)) == (400, "bad_request")
        tokens_in(come_back(client, state))

    def test_it_takes_no_cookie_that_somebody_made(self, client: Client, provider: Provider) -> None:
        state = begin(client)
        client.cookies["opensession_oauth"] = f'["{state}",""]'
        assert said(come_back(client, state)) == (400, "bad_request")

    def test_it_takes_no_old_state(self, client: Client, provider: Provider) -> None:
        state = begin(client)
        OAuthState.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert said(come_back(client, state)) == (400, "bad_request")
        begin(client)
        assert OAuthState.objects.count() == 1

    def test_it_tells_people_who_come_too_late(self, client: Client, provider: Provider) -> None:
        state = begin(client, query="?next=/sessions")
        OAuthState.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert come_back(client, state)["Location"] == "http://testserver/login?error=oauth_expired"

    def test_it_takes_no_state_of_another_provider(self, client: Client, provider: Provider) -> None:
        assert said(come_back(client, begin(client), "gitlab")) == (400, "bad_request")

    @pytest.mark.parametrize("query", [{}, {"code": "c1"}, {"state": "x"}, {"code": "", "state": "x"}])
    def test_it_wants_a_code_and_a_state(self, client: Client, provider: Provider, query: dict[str, str]) -> None:
        assert said(client.get("/api/auth/oauth/github/callback", query)) == (400, "bad_request")

    def test_it_knows_no_other_provider(self, client: Client, provider: Provider) -> None:
        assert said(come_back(client, begin(client), "nobody")) == (404, "not_found")


class TestFailures:
    def test_it_goes_to_the_login_when_somebody_says_no(self, client: Client, provider: Provider) -> None:
        state = begin(client)
        answer = client.get("/api/auth/oauth/github/callback", {"error": "access_denied", "state": state})
        assert (answer.status_code, answer["Location"]) == (302, "http://testserver/login?error=oauth_denied")
        assertContains(client.get("/login?error=oauth_denied"), "You did not allow the login there.")
        assert not OAuthState.objects.exists()

    def test_it_says_what_the_provider_said(self, client: Client, provider: Provider) -> None:
        provider.token_answer = '{"error": "bad_verification_code", "error_description": "The code is spent."}'
        answer = log_in(client)
        assert said(answer) == (500, "internal")
        assert "The code is spent." in answer.json()["message"]

    def test_it_hints_at_wrong_credentials(self, client: Client, provider: Provider) -> None:
        provider.token_answer = "error=incorrect_client_credentials"
        assert "Check the client id and secret of GitHub" in log_in(client).json()["message"]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "<html>",
            "[]",
            "{}",
            "null",
            '{"access_token": null}',
            '{"expires_in": "x"}',
            r'{"access_token": "a\r\nb"}',
        ],
    )
    def test_it_wants_a_token(self, client: Client, provider: Provider, text: str) -> None:
        provider.token_answer = text
        assert said(log_in(client)) == (500, "internal")
        assert len(provider.asked) == 1

    @pytest.mark.parametrize("number", [None, True, "", [], 1.5])
    def test_it_wants_a_user_id(self, client: Client, provider: Provider, number: object) -> None:
        provider.user["id"] = number
        assert said(log_in(client)) == (500, "internal")
        assert not User.objects.exists()

    def test_it_survives_a_provider_that_is_gone(self, client: Client, provider: Provider, settings: Settings) -> None:
        state = begin(client)
        settings.GITHUB_URL = "http://127.0.0.1:9"
        assert said(come_back(client, state)) == (500, "internal")

    def test_it_tells_people_on_a_page(self, client: Client, provider: Provider) -> None:
        provider.token_answer = "{}"
        answer = log_in(client, query="?next=/sessions")
        assert answer["Location"] == "http://testserver/login?error=oauth_failed"

    def test_it_repeats_nothing_from_an_address(self, client: Client, logins: Settings) -> None:
        assert b"evil" not in client.get("/login?error=evil").content

    def test_it_lets_no_banned_one_in(self, client: Client, provider: Provider) -> None:
        log_in(client)
        User.objects.update(is_active=False)
        assert said(log_in(Client())) == (401, "unauthorized")

    def test_it_gives_nothing_once_accounts_are_off(
        self, client: Client, provider: Provider, settings: Settings
    ) -> None:
        state = begin(client, query="?next=/sessions")
        settings.AUTH_ENABLED = False
        assert said(come_back(client, state)) == (500, "internal")
        assert client.session.get("_auth_user_id") is None


class TestLink:
    def link(self, client: Client, who: User, name: str = "github") -> Answer:
        return post(client, f"oauth/{name}/link", bearer=token_of(who))

    def test_it_works(self, client: Client, provider: Provider) -> None:
        alice = user("alice")
        url = self.link(client, alice).json()["url"]
        assert url.startswith(f"{provider.url}/login/oauth/authorize?")
        answer = come_back(client, parse_qs(urlsplit(url).query)["state"][0])
        assert answer["Location"] == "http://testserver/settings?oauth_linked=true"
        assert OAuthIdentity.objects.get().user == alice
        assert said(self.link(client, alice)) == (409, "conflict")

    def test_it_asks_who_is_there_first(self, client: Client, provider: Provider) -> None:
        assert said(post(client, "oauth/nobody/link")) == (401, "unauthorized")
        assert said(self.link(client, user("alice"), "nobody")) == (404, "not_found")

    def test_it_takes_nothing_from_others(self, client: Client, provider: Provider) -> None:
        log_in(Client())
        owner = OAuthIdentity.objects.get().user
        url = self.link(client, user("alice")).json()["url"]
        answer = come_back(client, parse_qs(urlsplit(url).query)["state"][0])
        assert answer["Location"] == "http://testserver/settings?error=oauth_already_linked"
        assert OAuthIdentity.objects.get().user == owner

    def test_it_works_from_the_settings(self, client: Client, provider: Provider) -> None:
        alice = user("alice")
        client.force_login(alice)
        assertContains(client.get("/settings"), "Link GitHub")
        page = client.post("/settings/link/github")
        found = re.search("state=([0-9a-f]{64})", page.content.decode())
        assert found is not None
        assertContains(client.get(come_back(client, found[1])["Location"]), "The account is linked.")
        assertContains(client.get("/settings"), "octo")
        assert client.post("/settings/link/nobody").status_code == 404

    def test_it_is_for_those_who_are_logged_in(self, client: Client, provider: Provider) -> None:
        assert client.post("/settings/link/github").status_code == 403


def test_it_offers_providers_where_people_log_in(client: Client, provider: Provider) -> None:
    for path in ("/login?next=/settings", "/register?next=/settings"):
        assertContains(client.get(path), 'href="/api/auth/oauth/github?next=%2Fsettings"')
