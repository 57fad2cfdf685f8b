from __future__ import annotations

import json
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from django.core.files.storage import storages
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from opensession.hail import jsonl
from sessions import bodies
from sessions.models import Session, SessionLink, Upload
from sessions.publishing import request as requests
from tests.base import user
from tests.factories import make_session
from tests.publishing.requests import ADDRESS, JSON, STATS, bearer, body, hail, ran, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> User:
    return user("alice")


@pytest.fixture
def sender(alice: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Sender:
    return Sender(bearer(alice), django_capture_on_commit_callbacks)


class Sender:
    """A client with alice's key."""

    def __init__(self, headers: dict[str, str], committing: DjangoCaptureOnCommitCallbacks) -> None:
        self._headers, self._committing = headers, committing

    def __call__(self, data: bytes, status: int = 201, content_type: str = JSON) -> dict[str, Any]:
        with self._committing(execute=True):
            answer = Client().post(ADDRESS, data, content_type=content_type, headers=self._headers)
        assert answer.status_code == status, answer.content
        found: dict[str, Any] = answer.json()
        return found


def test_it_works(sender: Sender, alice: User) -> None:
    answer = sender(body())
    session = Session.objects.get(pk=UUID(answer["id"]))
    assert answer == {
        "id": str(session.pk),
        "url": f"http://testserver/session/{session.pk}",
        "session_score": 100,
        "score_plugin": "heuristic_v1",
    }
    assert (session.owner, session.origin, session.visibility) == (alice, "uploaded", "public")
    assert (session.hail_id, session.tool, session.title, session.tags) == (
        "s1",
        "claude-code",
        "Fix the cart",
        ["shop"],
    )
    assert [event.event_id for event in bodies.merged(session)] == ["e0", "e1"]
    assert session.upload.is_searchable


def test_it_tells_the_clean_address_of_the_site(sender: Sender, settings: Settings) -> None:
    settings.BASE_URL = "https://sessions.example.org"
    answer = sender(body())
    assert answer["url"] == f"https://sessions.example.org/session/{answer['id']}"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer osk_unknown"}, {"Authorization": "bearer x"}])
def test_it_asks_who_it_is_before_it_reads(client: Client, headers: dict[str, str]) -> None:
    answer = client.post(ADDRESS, b"{garbage", content_type="text/plain", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


def test_it_counts_by_itself(sender: Sender) -> None:
    liar = hail(said(0), ran(1), ran(2, exit_code=1), said(3, kind="AgentMessage")) | {
        "stats": STATS | {"task_count": 9}
    }
    sender(body(liar))
    session = Session.objects.get()
    assert (session.event_count, session.message_count, session.user_message_count) == (4, 2, 1)
    assert (session.task_count, session.duration_seconds, session.has_errors) == (0, 3, True)
    assert jsonl.loads(b"".join(bodies.raw(session))).stats.event_count == 4


def test_it_finds_a_title_where_none_is_given(sender: Sender) -> None:
    words = "Please look at the cart, " * 30
    sender(body(hail(said(0, words), said(1, "and hurry"), context={"title": ""})))
    session = Session.objects.get()
    assert len(session.title.encode()) == 80
    assert session.title.endswith("...")
    assert len(session.description.encode()) == 500


def test_it_keeps_what_it_does_not_know(sender: Sender) -> None:
    given = hail(said(0) | {"mood": "good"}, context={"colour": "blue"})
    sender(body(given, whatever=1))
    kept = b"".join(bodies.raw(Session.objects.get()))
    assert b'"mood":"good"' in kept
    assert b'"colour":"blue"' in kept


def test_it_takes_all_that_may_be_said_beside_a_session(sender: Sender) -> None:
    wishes = {
        "git_remote": "https://example.org/shop.git",
        "git_branch": "fix",
        "git_commit": "abc",
        "git_repo_name": "shop",
        "pr_number": 7,
        "pr_url": "https://example.org/pr/7",
        "body_url": " https://example.org/s1.hail.jsonl ",
        "visibility": "unlisted",
        "score_plugin": " zero_v1 ",
        "linked_session_ids": ["a", "b", " ", "x" * 501],
    }
    answer = sender(body(hail(context={"related_session_ids": ["b", "c"]}), **wishes))
    upload = Upload.objects.select_related("session").get()
    assert (answer["session_score"], answer["score_plugin"]) == (0, "zero_v1")
    assert (upload.git_commit, upload.pr_number, upload.body_url) == ("abc", 7, "https://example.org/s1.hail.jsonl")
    assert (upload.session.repo, upload.session.branch, upload.session.visibility) == ("shop", "fix", "unlisted")
    assert sorted(SessionLink.objects.values_list("target", "kind")) == [(name, "handoff") for name in "abc"]


def test_it_takes_null_for_what_is_not_said(sender: Sender) -> None:
    names = ["body_url", "linked_session_ids", "git_remote", "pr_number", "score_plugin", "visibility"]
    sender(body(**dict.fromkeys(names)))
    assert Session.objects.get().visibility == "public"


def test_it_warns_of_disorder_and_of_ids_that_come_twice(sender: Sender) -> None:
    sender(body(hail(said(5), said(1), said(1))))
    assert [event.event_id for event in bodies.merged(Session.objects.get())] == ["e5", "e1", "e1#2"]
    assert Upload.objects.get().warnings == [
        "event 1 is earlier than the one before it",
        "event id 'e1' is used again",
    ]


def test_it_takes_a_session_without_events(sender: Sender) -> None:
    sender(body(hail() | {"events": []}))
    assert Upload.objects.get().warnings == ["there are no events"]
    assert list(bodies.merged(Session.objects.get())) == []


WITHOUT = {name: {key: value for key, value in hail().items() if key != name} for name in hail()}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b" ", "no upload"),
        (b"{garbage", "no upload"),
        (b"[]", "no upload"),
        (b'{"session": 1}', "no upload"),
        (b"{}", "session"),
        *((body(session), name) for name, session in WITHOUT.items()),
        (body(hail(version="hail-2.0.0")), "version"),
        (body(hail(version="1")), "version"),
        (body(hail(session_id="")), "session_id"),
        (body(hail(session_id="s" * 501)), "longer than 500"),
        (body(hail(agent={"tool": ""})), "agent.tool"),
        (body(hail(context={"tags": None})), "tags"),
        (body(hail(context={"created_at": "yesterday"})), "time stamp"),
        (body(hail(said(0) | {"timestamp": "2026-03-01T10:00:00"})), "event 0"),
        (body(hail(said(0), said(1) | {"content": {}})), "event 1"),
        (body(hail(said(0, kind="Dance"))), "Dance"),
        (body(hail(said(0) | {"content": {"blocks": [{"type": "Smell"}]}})), "event 0"),
        (body(hail() | {"events": {"e": [1]}}), "events"),
        (body(hail() | {"events": [1]}), "event 0"),
        (body(score_plugin="best"), "'best' (available: heuristic_v1, zero_v1)"),
        (body(body_url="javascript:alert(1)"), "body_url"),
        (body(body_url="https://a b/"), "body_url"),
        (body(visibility="everyone"), "visibility"),
        (body(pr_number="7"), "pr_number"),
        (body(linked_session_ids="a"), "linked_session_ids"),
    ],
)
def test_it_refuses_what_is_no_session(sender: Sender, data: bytes, reason: str) -> None:
    answer = sender(data, 400)
    assert answer["code"] == "bad_request"
    assert reason in answer["message"]
    assert not Session.objects.exists()


def test_it_takes_a_session_that_it_does_not_hold_as_a_whole(sender: Sender) -> None:
    events = [said(number, f"word{number} " * 20_000) for number in range(40)]
    large = body(hail(*events), visibility="private")
    assert len(large) > requests.SMALL
    sender(large)
    session = Session.objects.get()
    assert (session.event_count, session.visibility) == (40, "private")
    assert session.strands.get().frames.count() > 10
    broken = large.replace(b'"event_id": "e39"', b'"event_id": 39')
    assert "event 39" in sender(broken, 400)["message"]


def test_it_keeps_the_events_of_a_later_version(sender: Sender) -> None:
    sender(body(hail(said(0, kind="Dance"), version="hail-1.7.0")))
    assert b'"type":"Dance"' in b"".join(bodies.raw(Session.objects.get()))


def test_it_wants_json(sender: Sender) -> None:
    assert sender(body(), 415, "text/plain")["code"] == "unsupported_media_type"
    sender(body(), 201, "application/hail+json; charset=utf-8")


def test_it_refuses_a_body_that_is_too_large(sender: Sender, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = len(body())
    sender(body())
    assert sender(body() + b" ", 413)["code"] == "too_large"


def test_it_counts_a_body_whose_length_nobody_tells(client: Client, alice: User, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = len(body())
    for data, status in ((body() + b" ", 413), (body(), 201)):
        chunked = {"wsgi.input": BytesIO(data), "wsgi.input_terminated": True, "CONTENT_TYPE": JSON}
        answer = client.generic("POST", ADDRESS, headers=bearer(alice), **chunked)  # type: ignore[arg-type]
        assert answer.status_code == status, answer.content


def test_it_answers_again_to_the_same_content(sender: Sender) -> None:
    first = sender(body(git_branch="one"))
    strand = Session.objects.get().strands.get()
    # Spaces are no content, and neither is what stands beside the session.
    again = json.dumps(json.loads(body(git_branch="two")) | {"x": 1}, indent=2).encode()
    assert sender(again, 200) == first
    session = Session.objects.get()
    assert (session.upload.git_branch, session.strands.get()) == ("one", strand)


def test_it_replaces_the_content_under_the_same_address(sender: Sender) -> None:
    first = sender(body(visibility="private"))
    old = Session.objects.get().strands.get().body
    second = sender(body(hail(said(0), said(1), said(2), context={"title": "Fix it all"})))
    session = Session.objects.get()
    assert second == first
    assert (session.title, session.event_count, session.visibility) == ("Fix it all", 3, "private")
    assert [event.event_id for event in bodies.merged(session)] == ["e0", "e1", "e2"]
    assert not storages["bodies"].exists(old)
    assert session.upload.is_searchable


def test_it_hears_a_wish_for_another_visibility(sender: Sender) -> None:
    sender(body())
    sender(body(visibility="private"), 200)
    assert Session.objects.get().visibility == "private"


def test_it_keeps_the_sessions_of_two_people_apart(sender: Sender) -> None:
    sender(body())
    other = Client().post(ADDRESS, body(), content_type=JSON, headers=bearer(user("bob")))
    assert other.status_code == 201
    assert Session.objects.count() == 2


def test_it_links_the_session_that_was_indexed_here(sender: Sender) -> None:
    indexed = make_session(hail_id="s1")
    answer = sender(body())
    indexed.refresh_from_db()
    assert str(indexed.published_id) == answer["id"]


def test_it_shows_a_helper_in_its_parent_only_when_that_is_here(sender: Sender) -> None:
    attributes = {"session_role": "auxiliary", "parent_session_id": "s1"}
    sender(body(hail(session_id="lone", context={"attributes": attributes | {"parent_session_id": "nobody"}})))
    parent = sender(body())
    sender(body(hail(session_id="child", context={"attributes": attributes})))
    assert not Session.objects.get(hail_id="lone").is_auxiliary
    child = Session.objects.get(hail_id="child")
    assert (child.is_auxiliary, str(child.parent_id)) == (True, parent["id"])


def test_it_stores_what_databases_do_not_take(sender: Sender) -> None:
    given = hail(said(0, "a\0b"), context={"title": "one\0two", "attributes": {"cwd": "/a\0b"}}, session_id="s\0")
    sender(body(given, git_branch="x\0"))
    session = Session.objects.get()
    assert (session.title, session.cwd, session.branch) == ("one\ufffdtwo", "/a\ufffdb", "x\ufffd")
    sender(body(given, git_branch="x\0"), 200)


def test_it_forgives_halves_of_characters(sender: Sender) -> None:
    # `json.dumps` writes them as escapes, which strict JSON does not take.
    sender(body(hail(said(0, "cut \ud83d"), context={"title": "half \ud83d"})))
    session = Session.objects.get()
    assert session.title == "half \ufffd"
    assert "cut \ufffd".encode() in b"".join(bodies.raw(session))
    assert sender(b'{"session": "\\ud83d"', 400)["code"] == "bad_request"
