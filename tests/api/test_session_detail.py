from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import storages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from opensession.hail import jsonl
from sessions import bodies
from sessions.models import AuditEntry, Frame, SearchBlock, Session, SessionLink, Tombstone
from tests.api.uploads import client_of, uploaded
from tests.base import user as person
from tests.factories import agent, make_session, user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def server(settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "server"


def get(client: Client, session: Session) -> dict[str, Any]:
    answer = client.get(f"/api/sessions/{session.pk}")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def ends(client: Client, session: Session) -> list[tuple[str, str]]:
    links = get(client, session).get("linked_sessions", [])
    return [(link["session_id"], link["linked_session_id"]) for link in links]


class TestOne:
    def test_it_works(self, client: Client) -> None:
        session = uploaded(owner=person("alice"), title="Fix the login")
        found = get(client, session)
        (listed,) = client.get("/api/sessions").json()["sessions"]
        assert found == listed
        assert "linked_sessions" not in found

    @pytest.mark.parametrize("part", ["", "/raw"])
    def test_it_answers_alike_for_the_unknown_and_the_forbidden(self, client: Client, part: str) -> None:
        session = uploaded(owner=person("alice"), visibility="private")
        unknown = client.get(f"/api/sessions/{uuid4()}{part}")
        for asker in (client, client_of(person("charlie"))):
            answer = asker.get(f"/api/sessions/{session.pk}{part}")
            assert (answer.status_code, answer.json()) == (404, unknown.json())
        assert client.get(f"/api/sessions/no-id{part}").json()["code"] == "not_found"

    def test_it_opens_what_is_unlisted_to_all_and_what_is_private_to_its_owner(self, client: Client) -> None:
        alice = person("alice")
        get(client, uploaded(owner=alice, visibility="unlisted"))
        get(client_of(alice), uploaded(owner=alice, visibility="private"))

    def test_it_stays_open_where_the_feed_is_closed(self, client: Client, settings: Settings) -> None:
        settings.OPENSESSION_PUBLIC_FEED_ENABLED = False
        get(client, uploaded(owner=None))

    def test_it_shows_the_operator_what_was_indexed(self, client: Client, settings: Settings) -> None:
        settings.OPENSESSION_PROFILE = "local"
        get(client, make_session())

    def test_it_sends_nothing_twice(self, client: Client) -> None:
        path = f"/api/sessions/{uploaded(owner=None).pk}"
        etag = client.get(path)["ETag"]
        assert client.get(path, headers={"If-None-Match": etag}).status_code == 304


class TestLinks:
    def test_they_go_in_both_directions(self, client: Client) -> None:
        first, second = uploaded(owner=None), uploaded(owner=None)
        SessionLink.objects.create(session=second, target=str(first.pk))
        (link,) = get(client, first)["linked_sessions"]
        assert link.pop("created_at").endswith("+00:00")
        assert link == {"session_id": str(second.pk), "linked_session_id": str(first.pk), "link_type": "handoff"}
        assert ends(client, second) == [(str(second.pk), str(first.pk))]

    def test_they_reconcile_hail_ids(self, client: Client) -> None:
        alice = person("alice")
        first = uploaded(owner=alice, hail_id="native-1")
        uploaded(owner=person("bob"), hail_id="native-1")
        second = uploaded(owner=alice)
        SessionLink.objects.create(session=second, target="native-1", kind="related")
        assert ends(client, second) == ends(client, first) == [(str(second.pk), str(first.pk))]

    def test_they_name_what_is_not_here_as_it_was_written(self, client: Client) -> None:
        session = uploaded(owner=None)
        SessionLink.objects.create(session=session, target="gone", kind="unheard")
        (link,) = get(client, session)["linked_sessions"]
        assert (link["linked_session_id"], link["link_type"]) == ("gone", "handoff")

    def test_they_tell_of_nothing_that_is_not_public(self, client: Client) -> None:
        alice = person("alice")
        public = uploaded(owner=alice, hail_id="public")
        secret = uploaded(owner=alice, hail_id="secret", visibility="private")
        unlisted = uploaded(owner=alice, visibility="unlisted")
        for one in (secret, unlisted):
            SessionLink.objects.create(session=one, target="public")
        SessionLink.objects.create(session=public, target="secret")
        assert ends(client, public) == [(str(public.pk), "secret")]
        assert len(ends(client_of(alice), public)) == 3

    def test_they_cost_the_same_however_many_there_are(self, client: Client) -> None:
        session = uploaded(owner=None)
        counts = []
        for number in (2, 20):
            for n in range(number):
                SessionLink.objects.create(session=session, target=f"{number}-{n}")
                SessionLink.objects.create(session=uploaded(owner=None), target=str(session.pk))
            with CaptureQueriesContext(connection) as asked:
                get(client, session)
            counts.append(len(asked))
        assert counts == [3, 3]


class TestRaw:
    def test_it_works(self, client: Client) -> None:
        session = uploaded(user("Hello"), agent("Done"), owner=None, hail_id="native")
        answer = client.get(f"/api/sessions/{session.pk}/raw")
        assert answer["Content-Type"] == "application/jsonl"
        assert answer["Content-Disposition"] == 'attachment; filename="session.hail.jsonl"'
        read = jsonl.loads(b"".join(answer))
        assert read.header.session_id == "native"
        assert len(read.events) == 2

    def test_it_sends_large_ones_in_few_pieces(self, client: Client) -> None:
        session = uploaded(*(user("word " * 100) for _ in range(500)), owner=None)
        pieces = list(client.get(f"/api/sessions/{session.pk}/raw"))
        assert 2 < len(pieces) < 20

    def test_it_leads_to_a_body_that_lies_elsewhere(self, client: Client) -> None:
        session = uploaded(owner=None, upload={"body_url": " https://git.example/raw/1.hail.jsonl "})
        answer = client.get(f"/api/sessions/{session.pk}/raw")
        assert (answer.status_code, answer["Location"]) == (302, "https://git.example/raw/1.hail.jsonl")

    def test_it_has_nothing_where_there_is_no_body(self, client: Client) -> None:
        session = uploaded(owner=None)
        session.strands.all().delete()
        assert client.get(f"/api/sessions/{session.pk}/raw").status_code == 404

    def test_it_fails_before_it_answers_where_the_body_is_damaged(self, client: Client) -> None:
        session = uploaded(user("Hello"), agent("Done"), owner=None)
        Frame.objects.update(data=None)
        storages["bodies"].delete(session.strands.get().body)
        answer = client.get(f"/api/sessions/{session.pk}/raw")
        assert (answer.status_code, answer.json()["code"]) == (500, "internal")


class TestDelete:
    def test_it_works(self, django_capture_on_commit_callbacks: Any) -> None:
        alice = person("alice")
        session, other = uploaded(user("zebra"), owner=alice), uploaded(owner=None)
        body = session.strands.get().body
        bodies.append([bodies.Piece(body, 0, b"frames")])
        SessionLink.objects.create(session=session, target="elsewhere")
        SessionLink.objects.create(session=other, target=str(session.pk))
        with django_capture_on_commit_callbacks(execute=True):
            answer = client_of(alice).delete(f"/api/sessions/{session.pk}")
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        assert [*Session.objects.all()] == [other]
        assert not storages["bodies"].exists(body)
        assert not SessionLink.objects.exists()
        assert SearchBlock.objects.filter(strand__session=other).count() == SearchBlock.objects.count()
        entry = AuditEntry.objects.get()
        assert (entry.actor, entry.action, entry.subject) == (alice, "remove", f"session {session.pk}")

    def test_it_lets_an_upload_come_again(self) -> None:
        alice = person("alice")
        client_of(alice).delete(f"/api/sessions/{uploaded(owner=alice).pk}")
        assert not Tombstone.objects.exists()

    def test_it_needs_a_key(self, client: Client) -> None:
        path = f"/api/sessions/{uploaded(owner=None).pk}"
        for headers in ({}, {"Authorization": "Bearer osk_wrong"}, {"Authorization": "Basic YTpi"}):
            answer = client.delete(path, headers=headers)
            assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
        assert client.delete(f"/api/sessions/{uuid4()}").status_code == 401

    def test_it_is_for_the_owner(self) -> None:
        alice, charlie = person("alice"), client_of(person("charlie"))
        public, private = uploaded(owner=alice), uploaded(owner=alice, visibility="private")
        assert charlie.delete(f"/api/sessions/{public.pk}").status_code == 403
        assert charlie.delete(f"/api/sessions/{private.pk}").status_code == 404
        assert charlie.delete(f"/api/sessions/{uuid4()}").status_code == 404
        assert Session.objects.count() == 2

    def test_it_is_not_for_moderators_who_have_the_admin_site(self) -> None:
        session = uploaded(owner=person("alice"), visibility="private")
        moderator = client_of(person("bob", is_staff=True))
        assert moderator.delete(f"/api/sessions/{session.pk}").status_code == 403

    def test_it_keeps_removed_logs_from_being_indexed_again(self, settings: Settings) -> None:
        settings.OPENSESSION_PROFILE = "local"
        client_of(person("alice")).delete(f"/api/sessions/{make_session(hail_id='native').pk}")
        assert Tombstone.objects.get().hail_id == "native"

    def test_it_is_not_there_on_a_mirror(self, settings: Settings) -> None:
        settings.OPENSESSION_PROFILE = "worker"
        alice = person("alice")
        answer = client_of(alice).delete(f"/api/sessions/{uploaded(owner=alice).pk}")
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
