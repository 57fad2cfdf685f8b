"""What every answer carries, and what cookies may do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.base import REPOSITORY, user

pytestmark = pytest.mark.django_db

ANSWERS = [
    ("/", 200),
    ("/session/00000000-0000-0000-0000-000000000000", 404),
    ("/admin/", 302),
    ("/robots.txt", 200),
    ("/static/favicon.svg", 200),
    ("/api/health", 200),
    ("/api/auth/me", 401),
    ("/api/nothing", 404),
]


@pytest.fixture
def server(settings: Settings) -> Settings:
    settings.OPENSESSION_PROFILE = "server"
    settings.SECURE_HSTS_SECONDS = 3600
    return settings


@pytest.mark.parametrize(("path", "status"), ANSWERS)
def test_it_protects_every_answer(client: Client, server: Settings, path: str, status: int) -> None:
    answer = client.get(path, secure=True)
    assert answer.status_code == status
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["Strict-Transport-Security"] == "max-age=3600"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"


def test_it_protects_an_answer_that_no_view_gave(client: Client) -> None:
    answer = client.get("/", REMOTE_ADDR="192.0.2.7")
    assert answer.status_code == 403
    assert "Content-Security-Policy" in answer


def test_it_keeps_cookies_from_scripts_and_other_sites() -> None:
    """The settings are read in a process of their own: those of tests are the local profile's."""
    code = (
        "import json; from django.conf import settings; print(json.dumps("
        "[getattr(settings, f'{name}_COOKIE_{end}')"
        " for name in ('SESSION', 'CSRF') for end in ('SECURE', 'HTTPONLY', 'SAMESITE')]))"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "opensession.settings", "OPENSESSION_PROFILE": "server"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, env=environment, capture_output=True, check=True
    )
    found: Any = json.loads(done.stdout)
    assert found == [True, True, "Lax"] * 2


def test_it_locks_the_admin_too(client: Client, server: Settings, logins: Settings) -> None:
    user("erin", is_staff=True)
    for name in ("erin@example.org", "ERIN@example.org ") * (logins.AXES_FAILURE_LIMIT // 2):
        answer = client.post("/admin/login/", {"username": name, "password": "guess"})
    assert (answer.status_code, answer["Content-Type"]) == (429, "text/plain")
    assert (
        client.post("/admin/login/", {"username": "erin@example.org", "password": "correct horse"}).status_code == 429
    )


def test_it_tells_nobody_whose_an_address_is(client: Client, server: Settings, logins: Settings) -> None:
    user("erin")
    for name in ("erin",) * (logins.AXES_FAILURE_LIMIT - 1) + ("erin@example.org",):
        answer = client.post("/admin/login/", {"username": name, "password": "guess"})
    assert answer.status_code == 200
