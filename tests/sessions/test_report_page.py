from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from sessions import moderation
from sessions.models import AuditEntry, Report, Session
from tests.base import user as person
from tests.factories import make_session
from tests.sessions.links import shared_session

pytestmark = pytest.mark.django_db

FORM = {"reason": "secret", "words": "a password in turn 3"}


@pytest.fixture(autouse=True)
def server(settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "server"


@pytest.fixture
def session() -> Session:
    return shared_session(origin="uploaded", owner=person("alice"), visibility="public")


def url(session: Session) -> str:
    return f"/session/{session.pk}/report"


def test_it_works(client: Client, session: Session) -> None:
    bob = person("bob")
    client.force_login(bob)
    assert f'href="{url(session)}"' in client.get(f"/session/{session.pk}").content.decode()
    assert 'name="reason"' in client.get(url(session)).content.decode()
    assert "Thank you" in client.post(url(session), FORM).content.decode()
    report = Report.objects.get()
    assert (report.session, report.reporter, report.reason, report.words) == (session, bob, "secret", FORM["words"])


def test_it_is_for_strangers_too(client: Client, session: Session) -> None:
    client.post(url(session), FORM, REMOTE_ADDR="192.0.2.7")
    report = Report.objects.get()
    assert report.reporter is None
    assert "192.0.2.7" not in str(Report.objects.values().get())
    client.post(url(session), FORM, REMOTE_ADDR="192.0.2.8")
    assert Report.objects.count() == 2


def test_it_takes_one_open_report_of_a_reader(client: Client, session: Session) -> None:
    client.post(url(session), FORM)
    assert "reported this session already" in client.post(url(session), FORM).content.decode()
    moderation.close_report(report=Report.objects.get(), actor=None, now=timezone.now())
    assert "Thank you" in client.post(url(session), FORM).content.decode()
    assert Report.objects.filter(closed_at=None).count() == 1


def test_it_hears_a_reader_not_too_often(client: Client, session: Session) -> None:
    owner = session.owner
    for _ in range(moderation.MOST_REPORTS):
        one = make_session(origin="uploaded", owner=owner, visibility="public")
        assert client.post(url(one), FORM).status_code == 200
    assert client.post(url(session), FORM).status_code == 429
    Report.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert client.post(url(session), FORM).status_code == 200


@pytest.mark.parametrize(("proxies", "readers"), [(0, 1), (1, 2)])
def test_it_tells_readers_apart_behind_a_proxy_of_ours(
    client: Client, session: Session, settings: Settings, proxies: int, readers: int
) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}
    for address in ("198.51.100.7", "198.51.100.8", "203.0.113.1, 198.51.100.8"):
        client.post(url(session), FORM, REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": address})
    assert Report.objects.count() == readers


def test_it_is_for_what_may_be_read_and_was_uploaded(client: Client, session: Session) -> None:
    for changes in ({"visibility": "private"}, {"visibility": "public", "origin": "indexed", "owner": None}):
        Session.objects.update(**changes)
        assert client.get(url(session)).status_code == client.post(url(session), FORM).status_code == 404
    assert not Report.objects.exists()


@pytest.mark.parametrize("form", [{}, {"reason": "boredom"}, {"reason": "spam", "words": "x" * 2001}])
def test_it_refuses_what_makes_no_sense(client: Client, session: Session, form: dict[str, str]) -> None:
    answer = client.post(url(session), form)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not Report.objects.exists()


def test_it_keeps_words_out_of_the_audit(client: Client, session: Session) -> None:
    client.post(url(session), FORM)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.facts) == ("report", {"session": str(session.pk), "reason": "secret"})
