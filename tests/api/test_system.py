from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db


def test_it_works(client: Client) -> None:
    answer = client.get("/api/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert isinstance(answer.json()["version"], str)


def test_it_says_what_the_server_can_do(client: Client, settings: Settings) -> None:
    assert client.get("/api/capabilities").json() == {
        "auth_enabled": False,
        "upload_enabled": True,
        "ingest_preview_enabled": True,
        "gh_share_enabled": True,
    }
    settings.AUTH_ENABLED = True
    assert client.get("/api/capabilities").json()["auth_enabled"] is True


def test_a_mirror_fetches_nothing_for_strangers(client: Client, settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "worker"
    told = client.get("/api/capabilities").json()
    assert (told["ingest_preview_enabled"], told["gh_share_enabled"], told["upload_enabled"]) == (False, False, True)


@pytest.mark.parametrize(
    "path", ["/api/", "/api/teams", "/api/invitations", "/api/sync/pull", "/api/health/", "/api/x/y"]
)
def test_it_answers_in_json_where_there_is_nothing(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_it_answers_in_json_to_a_wrong_method(client: Client) -> None:
    answer = client.post("/api/health")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in answer["Allow"]


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["/api/nothing", "/api/sessions/", "/api/sessions/abc", "/api/shares/x"])
def test_it_has_one_answer_for_what_is_not_here(method: str, path: str) -> None:
    answer = getattr(Client(enforce_csrf_checks=True), method)(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
