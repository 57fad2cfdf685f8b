from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from sessions.models import Frame, SearchBlock, Session, Tombstone
from tests.factories import make_session, make_sessions

pytestmark = pytest.mark.django_db

LIST = "/admin/ai_sessions/session/"


def test_it_lists_and_filters_sessions(client: Client) -> None:
    make_session(title="Fix the login")
    make_session(title="Ship it", tool="codex")
    html = client.get(f"{LIST}?tool=codex").content.decode()
    assert "Ship it" in html
    assert "Fix the login" not in html
    assert "Fix the login" in client.get(f"{LIST}?q=login").content.decode()


def test_it_shows_a_session(client: Client) -> None:
    session = make_session(title="Fix the login")
    html = client.get(f"{LIST}{session.pk}/change/").content.decode()
    assert f'href="/session/{session.pk}"' in html


def test_it_removes_a_session_for_good(client: Client) -> None:
    session = make_session(title="Fix the login")
    url = f"{LIST}{session.pk}/delete/"
    assert "Are you sure" in client.get(url).content.decode()
    client.post(url, {"post": "yes"})
    assert not Session.objects.exists()
    assert not Frame.objects.exists()
    assert not SearchBlock.objects.exists()
    assert Tombstone.objects.get().hail_id == session.hail_id


def test_it_removes_many_at_once(client: Client) -> None:
    make_sessions(3)
    chosen = list(Session.objects.values_list("pk", flat=True)[:2])
    client.post(LIST, {"action": "delete_selected", "_selected_action": chosen, "post": "yes"})
    assert Session.objects.count() == 1
    assert Tombstone.objects.count() == 2


def test_it_lifts_a_tombstone(client: Client) -> None:
    tombstone = Tombstone.objects.create(tool="codex", hail_id="gone")
    client.post(f"/admin/ai_sessions/tombstone/{tombstone.pk}/delete/", {"post": "yes"})
    assert not Tombstone.objects.exists()


def test_it_adds_and_changes_nothing(client: Client) -> None:
    session = make_session()
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{session.pk}/change/", {"title": "x"}).status_code == 403


def test_it_lets_no_stranger_in(client: Client, settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "server"
    assert client.get(LIST).status_code == 302
