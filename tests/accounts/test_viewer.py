from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from pytest_django import Settings

from accounts.viewer import Viewer, viewer_of
from sessions.models import Session
from tests.base import user
from tests.sessions.stored import session


def request_from(address: str = "127.0.0.1", **headers: str) -> Viewer:
    request = RequestFactory().get("/", REMOTE_ADDR=address, headers=headers)
    request.user = AnonymousUser()
    return viewer_of(request)


class TestViewer:
    @pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
    def test_it_takes_this_machine_for_the_operator(self, address: str) -> None:
        assert request_from(address) == Viewer(user=None, is_operator=True)

    @pytest.mark.parametrize("address", ["192.0.2.7", "::ffff:192.0.2.7", "", "unix:"])
    def test_it_takes_nobody_else_for_the_operator(self, address: str) -> None:
        assert request_from(address) == Viewer()

    def test_it_trusts_no_proxy_in_between(self) -> None:
        assert request_from(**{"X-Forwarded-For": "127.0.0.1"}) == Viewer()
        assert request_from(Forwarded="for=127.0.0.1") == Viewer()

    def test_it_knows_no_operator_on_a_server(self, settings: Settings) -> None:
        settings.OPENSESSION_PROFILE = "server"
        assert request_from() == Viewer()

    @pytest.mark.django_db
    def test_it_knows_who_is_logged_in(self) -> None:
        request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.7")
        request.user = user("alice")
        assert viewer_of(request) == Viewer(request.user)


@pytest.mark.django_db
class TestLoopbackOnly:
    def test_it_works(self, client: Client) -> None:
        assert client.get("/admin/").status_code == 200

    def test_it_refuses_a_client_from_elsewhere(self, client: Client) -> None:
        response = client.get("/admin/", REMOTE_ADDR="192.0.2.7")
        assert response.status_code == 403
        assert response.content == b"The local profile answers to this machine only."

    def test_it_is_off_on_a_server(self, client: Client, settings: Settings) -> None:
        settings.OPENSESSION_PROFILE = "server"
        assert client.get("/admin/", REMOTE_ADDR="192.0.2.7").status_code == 302


class TestKnownHost:
    def test_it_refuses_a_foreign_name_for_this_machine(self, client: Client) -> None:
        answer = client.get("/admin/", headers={"Host": "evil.example.org"})
        assert (answer.status_code, answer["Content-Type"]) == (400, "text/plain")
        assert answer.content == b"This server does not answer to that host name."

    def test_it_tells_a_program_in_the_shape_of_all_errors(self, client: Client) -> None:
        answer = client.get("/api/health", headers={"Host": "evil.example.org"})
        assert answer.status_code == 400
        assert answer.json() == {"code": "bad_request", "message": "This server does not answer to that host name."}

    def test_it_looks_before_anybody_is_sent_on_to_tls(self, client: Client, settings: Settings) -> None:
        settings.SECURE_SSL_REDIRECT = True
        assert client.get("/api/health", headers={"Host": "evil.example.org"}).json()["code"] == "bad_request"

    def test_it_tells_the_operator_in_a_line(self, client: Client, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("WARNING")
        client.get("/", headers={"Host": "evil.example.org\n" + "x" * 1000})
        (told,) = [each for each in caplog.records if each.name == "opensession.requests"]
        assert told.getMessage().endswith("only loopback names are answered")
        assert "\n" not in told.getMessage()
        assert len(told.getMessage()) < 250
        assert told.exc_info is None


@pytest.mark.django_db
class TestOneCard:
    """A session that was indexed here and uploaded too."""

    def test_it_shows_the_operator_what_was_indexed(self) -> None:
        uploaded = session(title="uploaded", owner=user("alice"), visibility="public")
        session(title="indexed", published=uploaded)
        session(title="other", owner=user("bob"), visibility="public")
        assert titles(Viewer(is_operator=True)) == ["indexed", "other"]
        assert titles(Viewer()) == ["other", "uploaded"]

    def test_it_shows_the_uploaded_one_when_the_other_is_hidden(self) -> None:
        uploaded = session(title="uploaded", owner=user("alice"), visibility="public")
        session(title="indexed", published=uploaded, is_hidden=True)
        assert titles(Viewer(is_operator=True)) == ["uploaded"]


def titles(viewer: Viewer) -> list[str]:
    return sorted(Session.objects.visible_to(viewer).values_list("title", flat=True))
