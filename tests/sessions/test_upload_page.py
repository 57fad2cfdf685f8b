from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from sessions import bodies
from sessions.models import Session
from tests.base import SAMPLES, user
from tests.publishing.requests import hail, said

pytestmark = pytest.mark.django_db
LOG = next(SAMPLES.glob(".codex/sessions/**/*.jsonl"))


@pytest.fixture
def alice(client: Client, settings: Settings) -> User:
    """Return alice, who is logged in on a server."""
    settings.OPENSESSION_PROFILE = "server"
    found = user("alice")
    client.force_login(found)
    return found


def post(client: Client, status: int = 302, **fields: Any) -> str:
    """Send the form and return where it leads, or the page with what is wrong."""
    answer = client.post("/upload", {"visibility": "unlisted"} | fields)
    assert answer.status_code == status
    return answer["Location"] if status == 302 else answer.content.decode()


def file(data: bytes, name: str = "log.jsonl") -> BytesIO:
    given = BytesIO(data)
    given.name = name
    return given


def test_it_works(client: Client, alice: User) -> None:
    assert 'enctype="multipart/form-data"' in client.get("/upload").content.decode()
    place = post(client, file=file(LOG.read_bytes()), title="Mine")
    session = Session.objects.get()
    assert place == f"/session/{session.pk}"
    assert (session.owner, session.tool, session.title, session.visibility) == (alice, "codex", "Mine", "unlisted")
    assert session.event_count == len(list(bodies.merged(session))) > 3
    assert client.get(place).status_code == 200


def test_it_takes_text_and_hail(client: Client, alice: User) -> None:
    post(client, text=json.dumps(hail(said(0), said(1), session_id="pasted")))
    session = Session.objects.get()
    assert (session.hail_id, session.title, session.event_count) == ("pasted", "Fix the cart", 2)


def test_it_takes_secrets_out(client: Client, alice: User) -> None:
    secret = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
    post(client, text=json.dumps(hail(said(0, f"use {secret} for it"))))
    session = Session.objects.get()
    assert secret.encode() not in b"".join(bodies.raw(session))
    assert session.upload.warnings[0].startswith("replaced: 1 ")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, "Choose a file, or paste its text."),
        ({"text": "x", "file": BytesIO(b"x")}, "Choose a file, or paste its text."),
        ({"text": "just words"}, "no parser candidate matched"),
        ({"text": json.dumps(hail(version="hail-9.0.0"))}, "hail-9.0.0"),
        ({"text": "x", "visibility": "everyone"}, "Select a valid choice"),
    ],
)
def test_it_says_what_is_wrong(client: Client, alice: User, fields: dict[str, Any], problem: str) -> None:
    assert problem in post(client, 422, **fields)
    assert not Session.objects.exists()


def test_it_says_it_beside_the_field(client: Client, alice: User) -> None:
    html = post(client, 422, text="just words", visibility="everyone")
    assert 'aria-describedby="id_visibility_error"' in html
    assert '<ul class="errorlist" id="id_visibility_error">' in html
    words: dict[str, dict[str, Any]] = {"text": {"text": "just words"}, "file": {"file": file(b"just words")}}
    for source, given in words.items():
        assert f'<ul class="errorlist" id="id_{source}_error"><li>' in post(client, 422, **given)


def test_it_asks_a_stranger_to_log_in(client: Client, settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "server"
    answer = client.post("/upload", {"text": "x"})
    assert (answer.status_code, answer["Location"].endswith("?next=/upload")) == (302, True)


def test_it_needs_no_login_on_ones_own_machine(client: Client) -> None:
    post(client, text=json.dumps(hail()))
    assert Session.objects.get().owner == User.objects.operator()


def test_it_is_not_there_on_a_worker(client: Client, alice: User, settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "worker"
    assert client.get("/upload").status_code == 404


def test_it_refuses_the_forms_of_other_sites(alice: User) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(alice)
    assert careful.post("/upload", {"text": json.dumps(hail())}).status_code == 403
    assert not Session.objects.exists()
