from __future__ import annotations

import re
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import keys
from accounts.models import ApiKey, RefreshToken, User
from sessions import moderation
from sessions.models import AuditEntry, Frame, Report, SearchBlock, Session, ShareLink, Tombstone, Upload
from tests.base import user as person
from tests.sessions.links import make_link, shared_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def erin(client: Client, settings: Settings) -> User:
    """Return a moderator, without any permission of Django's groups, who is logged in on a server."""
    settings.OPENSESSION_PROFILE = "server"
    settings.SECURE_SSL_REDIRECT = False
    erin = person("erin", is_staff=True)
    client.force_login(erin)
    return erin


@pytest.fixture
def session() -> Session:
    session = shared_session(origin="uploaded", owner=person("alice"), visibility="public", title="Ship the shop")
    Upload.objects.create(session=session, content_sha256="0" * 64)
    return session


def act(client: Client, model: str, action: str, *chosen: Any) -> str:
    form = {"action": action, "_selected_action": [str(each.pk) for each in chosen], "post": "yes"}
    answer = client.post(f"/admin/{model}/", form, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def audited() -> list[tuple[str, str | None]]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", "actor__nickname"))


def a_report(session: Session, **fields: Any) -> Report:
    given = {"reporter": None, "reader": "r", "reason": "spam", "words": "buy it", "now": timezone.now(), **fields}
    return moderation.report(session=session, **given)[0]


def test_it_lifts_a_lock(client: Client, erin: User) -> None:
    once = {"username": "bob", "ip_address": "192.0.2.7", "failures_since_start": 10}
    attempts = [AccessAttempt.objects.create(user_agent=agent, **once) for agent in ("a", "b", "c")]
    assert "192.0.2.7" in client.get("/admin/axes/accessattempt/").content.decode()
    act(client, "axes/accessattempt", "delete_selected", *attempts[:2])
    client.post(f"/admin/axes/accessattempt/{attempts[2].pk}/delete/", {"post": "yes"})
    assert not AccessAttempt.objects.exists()
    assert audited() == [("lift lock", "erin")] * 3
    assert not any("bob" in str(entry.facts) for entry in AuditEntry.objects.all())


def test_it_shows_the_history_of_a_row(client: Client, erin: User, session: Session) -> None:
    other = shared_session(origin="uploaded", owner=session.owner)
    for each in (session, other):
        act(client, "ai_sessions/session", "hide", each)
    html = client.get(f"/admin/ai_sessions/session/{session.pk}/history/", follow=True).content.decode()
    assert f"session {session.pk}" in html
    assert str(other.pk) not in html


def test_it_leads_to_every_row(client: Client, erin: User, session: Session) -> None:
    a_report(session)
    link, _ = make_link(session)
    for model, row in (("upload", session.upload), ("sharelink", link), ("report", Report.objects.get())):
        path = f"/admin/ai_sessions/{model}/"
        html = client.get(path).content.decode()
        assert re.search(rf'<a href="{path}{row.pk}/change/">[^<]', html), model
        assert re.search(rf'<a href="/admin/ai_sessions/session/{session.pk}/change/">Ship the shop</a>', html), model


def test_it_shows_a_moderator_every_list(client: Client, erin: User, session: Session) -> None:
    a_report(session)
    make_link(session)
    ApiKey.objects.create(user=erin, key_sha256="f" * 64, prefix="osk_01234567")
    models = [model for app in client.get("/admin/").context["app_list"] for model in app["models"]]
    assert {model["object_name"] for model in models} >= {
        *("Session", "Upload", "Report", "User", "ApiKey", "ShareLink", "AuditEntry", "Tombstone", "Source")
    }
    for model in models:
        html = client.get(model["admin_url"]).content.decode()
        assert model["add_url"] is None or model["object_name"] == "Group", model["object_name"]
        for path in {link for link in html.split('"') if link.startswith(model["admin_url"]) and "/change/" in link}:
            assert client.get(path).status_code == 200


def test_it_hides_and_shows_again(client: Client, erin: User, session: Session) -> None:
    assert "1 hidden" in act(client, "ai_sessions/session", "hide", session)
    assert Client().get(f"/session/{session.pk}").status_code == 404
    assert "0 hidden" in act(client, "ai_sessions/session", "hide", session)
    assert "1 shown again" in act(client, "ai_sessions/session", "unhide", session)
    assert Client().get(f"/session/{session.pk}").status_code == 200
    assert audited() == [("hide", "erin"), ("unhide", "erin")]


def test_it_removes_with_body_and_words(client: Client, erin: User, session: Session) -> None:
    make_link(session)
    act(client, "ai_sessions/session", "delete_selected", session)
    assert not Session.objects.exists()
    for model in (Frame, SearchBlock, Upload, ShareLink):
        assert not model.objects.exists()
    assert Tombstone.objects.get().hail_id == session.hail_id
    entry = AuditEntry.objects.get(action="remove")
    assert (entry.actor, entry.subject) == (erin, f"session {session.pk}")
    assert "Ship" not in str(entry.facts)


def test_it_lists_open_reports_first(client: Client, erin: User, session: Session) -> None:
    closed, opened = a_report(session), a_report(session, reader="s", reason="abuse")
    moderation.close_report(report=closed, actor=None, now=timezone.now())
    a_report(session, reader="t", reason="other")
    listed = client.get("/admin/ai_sessions/report/").context["cl"].result_list
    assert [each.reason for each in listed] == ["other", "abuse", "spam"]
    assert opened.closed_at is None
    listed = client.get("/admin/ai_sessions/report/?open=no").context["cl"].result_list
    assert [each.reason for each in listed] == ["spam"]


def test_it_closes_reports(client: Client, erin: User, session: Session) -> None:
    report = a_report(session)
    assert "1 closed" in act(client, "ai_sessions/report", "close", report)
    report.refresh_from_db()
    assert report.closed_by == erin
    assert audited()[-1] == ("close report", "erin")


def test_it_hides_what_a_report_is_about(client: Client, erin: User, session: Session) -> None:
    first, second = a_report(session), a_report(session, reader="s")
    assert "1 hidden, 2 reports closed" in act(client, "ai_sessions/report", "hide_session", first, second)
    assert not Session.objects.filter(is_hidden=False).exists()
    assert not Report.objects.filter(closed_at=None).exists()


def test_it_shuts_people_out(client: Client, erin: User, session: Session, settings: Settings) -> None:
    alice, secret = session.owner, keys.new_key()
    assert alice
    ApiKey.objects.create(user=alice, key_sha256=keys.digest(secret), prefix=secret[:12])
    token = RefreshToken.objects.create(user=alice, family=alice.pk, token_sha256="1", expires_at=timezone.now())
    _, link = make_link(session, actor=alice)
    browser = Client()
    browser.force_login(alice)
    header = {"Authorization": f"Bearer {secret}"}
    assert browser.get(f"/session/{session.pk}/share").status_code == 200
    assert browser.get(f"/api/sessions/{session.pk}/shares", headers=header).status_code == 200
    assert "1 deactivated" in act(client, "accounts/user", "deactivate", alice)
    assert browser.get(f"/session/{session.pk}/share").status_code == 403
    assert browser.get(f"/api/sessions/{session.pk}/shares", headers=header).status_code == 401
    assert browser.get(f"/s/{link}").status_code == 404
    token.refresh_from_db()
    assert token.revoked_at
    assert "1 let in again" in act(client, "accounts/user", "reactivate", alice)
    assert browser.get(f"/api/sessions/{session.pk}/shares", headers=header).status_code == 200
    assert audited()[-2:] == [("deactivate", "erin"), ("reactivate", "erin")]


def test_it_protects_superusers_and_oneself(client: Client, erin: User) -> None:
    root = User.objects.create_superuser("root", password="correct horse")
    assert "0 deactivated" in act(client, "accounts/user", "deactivate", root, erin)
    assert User.objects.filter(is_active=True).count() == 2
    client.force_login(root)
    assert "1 deactivated" in act(client, "accounts/user", "deactivate", root, erin)


def test_it_makes_nobody_more_than_they_are(client: Client, erin: User) -> None:
    path = f"/admin/accounts/user/{erin.pk}/change/"
    assert "argon2" not in client.get(path).content.decode()
    assert "md5$" not in client.get(path).content.decode()
    assert client.post(path, {"nickname": "erin", "is_superuser": "on"}).status_code == 403
    assert client.get("/admin/accounts/user/add/").status_code == 403
    assert client.post(f"/admin/accounts/user/{erin.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"/admin/accounts/user/{erin.pk}/password/", {}).status_code == 403


def test_it_writes_down_what_superusers_change(client: Client, erin: User, session: Session) -> None:
    client.force_login(User.objects.create_superuser("root", password="correct horse"))
    path = f"/admin/accounts/user/{erin.pk}/"
    client.post(f"{path}change/", {"nickname": "erin2", "email": "erin@example.org", "is_staff": "on"})
    erin.refresh_from_db()
    assert (erin.nickname, erin.is_active) == ("erin2", False)
    client.post(f"{path}password/", {"password1": "battery staple", "password2": "battery staple"})
    assert [action for action, _ in audited()] == ["deactivate", "change user", "change user"]
    assert "erin2" not in str(list(AuditEntry.objects.values("subject", "facts")))


def test_it_revokes_keys_of_which_it_shows_the_beginning(client: Client, erin: User) -> None:
    secret = keys.new_key()
    key = ApiKey.objects.create(user=erin, key_sha256=keys.digest(secret), prefix=secret[: keys.SHOWN])
    for path in ("", f"{key.pk}/change/"):
        html = client.get(f"/admin/accounts/apikey/{path}").content.decode()
        assert secret[: keys.SHOWN] in html
        assert key.key_sha256 not in html
    assert "1 revoked" in act(client, "accounts/apikey", "revoke", key)
    assert keys.match(secret, timezone.now()) is None
    assert audited() == [("revoke key", "erin")]


def test_it_revokes_share_links(client: Client, erin: User, session: Session) -> None:
    link, token = make_link(session, password="correct horse")
    html = client.get(f"/admin/ai_sessions/sharelink/{link.pk}/change/").content.decode()
    assert link.token_sha256 not in html
    assert link.password not in html
    assert "1 revoked" in act(client, "ai_sessions/sharelink", "revoke", link)
    assert client.get(f"/s/{token}").status_code == 404


def test_it_lets_nobody_change_the_audit(client: Client, erin: User, session: Session) -> None:
    moderation.hide(session=session, actor=erin)
    entry = AuditEntry.objects.get()
    for erin.is_superuser in (False, True):
        erin.save()
        path = f"/admin/ai_sessions/auditentry/{entry.pk}/"
        assert client.get(f"{path}change/").status_code == 200
        assert client.post(f"{path}change/", {"action": "x"}).status_code == 403
        assert client.post(f"{path}delete/", {"post": "yes"}).status_code == 403
        act(client, "ai_sessions/auditentry", "delete_selected", entry)
    assert AuditEntry.objects.get().action == "hide"


def test_it_is_never_the_operator(client: Client, erin: User) -> None:
    indexed = shared_session()
    assert client.get(f"/session/{indexed.pk}").status_code == 200
    assert client.get(f"/session/{indexed.pk}/share").status_code == 403
    assert "operator@localhost" not in client.get("/admin/").content.decode()


def test_it_lets_in_no_moderator_who_is_none_any_more(client: Client, erin: User, session: Session) -> None:
    User.objects.filter(pk=erin.pk).update(is_staff=False)
    form = {"action": "hide", "_selected_action": str(session.pk)}
    assert client.post("/admin/ai_sessions/session/", form).status_code == 302
    assert not Session.objects.filter(is_hidden=True).exists()


@pytest.mark.parametrize("query", ["", "?q=Ship", "?is_hidden__exact=0&visibility=public", "?q=nothing+of+it"])
def test_it_counts_no_whole_table(client: Client, erin: User, session: Session, query: str) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(f"/admin/ai_sessions/session/{query}").status_code == 200
    counts = [each["sql"] for each in asked if "COUNT(" in each["sql"]]
    assert counts
    assert all("LIMIT 10000" in sql for sql in counts)
    assert not [each["sql"] for each in asked if "DISTINCT" in each["sql"] or "MIN(" in each["sql"].split("FROM")[0]]


@pytest.mark.sqlite
def test_it_sorts_no_whole_table(client: Client, erin: User, session: Session) -> None:
    with CaptureQueriesContext(connection) as asked:
        client.get("/admin/ai_sessions/session/")
    (page,) = [each["sql"] for each in asked if "ORDER BY" in each["sql"] and "ai_sessions_session" in each["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {page}")
        plan = str(cursor.fetchall())
    assert "session_recent" in plan
    assert "TEMP B-TREE" not in plan


def test_it_finds_a_session_by_its_id(client: Client, erin: User, session: Session) -> None:
    shared_session(title="Another one")
    listed = client.get(f"/admin/ai_sessions/session/?q={session.pk}").context["cl"].result_list
    assert [each.pk for each in listed] == [session.pk]


def test_it_asks_the_database_as_often_for_many_rows(
    client: Client, erin: User, session: Session, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        one = shared_session(origin="uploaded", owner=session.owner)
        Upload.objects.create(session=one, content_sha256=f"{number:064}")
        a_report(one, reader=str(number))
        make_link(one, actor=session.owner)
    for model in ("session", "upload", "report", "sharelink", "auditentry"):
        with django_assert_max_num_queries(10):
            client.get(f"/admin/ai_sessions/{model}/")
