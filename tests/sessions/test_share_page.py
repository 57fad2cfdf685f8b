from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from sessions import sharing, turns
from sessions.models import AuditEntry, Session, ShareLink
from tests.base import user as person
from tests.factories import make_session, user
from tests.sessions.links import SECRET, make_link, shared_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client: Client, settings: Settings) -> User:
    """Return who is logged in on a server."""
    settings.OPENSESSION_PROFILE = "server"
    alice = person("alice")
    client.force_login(alice)
    return alice


def url(session: Session) -> str:
    return f"/session/{session.pk}/share"


def token_in(html: str) -> str:
    (address,) = re.findall(r'id="address" type="text" value="http://testserver(/s/[^"]+)"', html)
    return str(address)


def test_it_works(client: Client, alice: User) -> None:
    session = shared_session(origin="uploaded", owner=alice, visibility="private")
    answer = client.post(url(session), {"lifetime": "1d"})
    address = token_in(answer.content.decode())
    assert "no-store" in answer["Cache-Control"]
    client.logout()
    assert client.get(f"/session/{session.pk}").status_code == 404
    assert client.get(address).status_code == 200


def test_it_is_for_the_operator_of_this_machine_too(client: Client) -> None:
    session = shared_session()
    assert f'href="{url(session)}"' in client.get(f"/session/{session.pk}").content.decode()
    assert client.get(token_in(client.post(url(session)).content.decode())).status_code == 200
    assert ShareLink.objects.get().creator is None


def test_it_tells_strangers_and_readers_apart(client: Client, alice: User) -> None:
    bob = person("bob")
    private = shared_session(origin="uploaded", owner=bob, visibility="private")
    public = shared_session(origin="uploaded", owner=bob, visibility="public")
    assert client.get(url(private)).status_code == client.post(url(private)).status_code == 404
    assert client.get(f"/session/{uuid4()}/share").status_code == 404
    assert client.get(url(public)).status_code == client.post(url(public)).status_code == 403
    assert not ShareLink.objects.exists()
    assert url(public) not in client.get(f"/session/{public.pk}").content.decode()


def test_it_lets_no_moderator_share_what_is_not_theirs(client: Client, settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "server"
    client.force_login(person("erin", is_staff=True))
    session = shared_session(origin="uploaded", owner=person("alice"))
    assert client.post(url(session)).status_code == 403
    assert client.post(url(shared_session())).status_code == 403


def test_it_shows_a_token_once(client: Client) -> None:
    session = shared_session()
    address = token_in(client.post(url(session)).content.decode())
    html = client.get(url(session)).content.decode()
    assert address not in html
    assert html.count('class="share-link"') == 1


def test_it_shows_what_is_replaced(client: Client) -> None:
    session = shared_session()
    html = client.get(url(session)).content.decode()
    assert "github-token ×1" in html
    assert "Deploy with [REDACTED:github-token] please" in html
    assert f'href="/session/{session.pk}/e/main.6"' in html
    assert SECRET not in html
    assert html.count('type="checkbox" name="leave"') == 3


def test_it_leaves_out_what_is_ticked(client: Client) -> None:
    session = shared_session()
    client.post(url(session), {"leave": ["main.2"]})
    assert [each[1:] for each in ShareLink.objects.get().hidden_turns] == [[2, 5]]


def test_it_keeps_what_is_ticked_in_other_parts(client: Client) -> None:
    session = make_session(*(user(f"question {number}") for number in range(turns.TURNS + 5)))
    first = client.get(url(session)).content.decode()
    assert f"Events 1–{turns.TURNS} of {turns.TURNS + 5}" in first
    assert f'name="show" value="main.{turns.TURNS}"' in first
    form = {"show": f"main.{turns.TURNS}", "leave": ["main.3", f"main.{turns.TURNS + 1}"]}
    second = client.post(url(session), form).content.decode()
    assert '<input type="hidden" name="leave" value="main.3">' in second
    assert f'name="leave" value="main.{turns.TURNS + 1}" checked' in second
    assert not ShareLink.objects.exists()


@pytest.mark.parametrize(
    "form",
    [
        {"lifetime": "2d"},
        {"password": "short"},
        {"leave": ["main.99"]},
        {"leave": ["x"]},
        {"leave": [f"main.{number}" for number in range(turns.MOST_HIDDEN + 1)]},
    ],
)
def test_it_refuses_what_makes_no_sense(client: Client, form: dict[str, str]) -> None:
    answer = client.post(url(shared_session()), form)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not ShareLink.objects.exists()


def test_it_says_beside_the_password_what_is_wrong_with_it(client: Client) -> None:
    html = client.post(url(shared_session()), {"password": "short"}).content.decode()
    (field,) = re.findall(r'<input type="password"[^>]*>', html)
    assert all(word in field for word in ("autofocus", 'aria-invalid="true"', 'aria-describedby="id_password_error"'))
    assert 'id="id_password_error"><li>Ensure this value has at least 8 characters' in html


def test_it_keeps_the_password_on_the_way_only(client: Client) -> None:
    session = shared_session()
    given = {"password": "correct horse"}
    for form in ({"show": "main.3"}, {"leave": ["main.99"]}):
        assert 'value="correct horse"' in client.post(url(session), given | form).content.decode()
    assert "correct horse" not in client.post(url(session), given).content.decode()


@pytest.mark.parametrize("show", ["", ".", "main.", "main.99999999999999999999", "nowhere.3", "main.٣", "main.7"])
def test_it_survives_any_place(client: Client, show: str) -> None:
    assert client.post(url(shared_session()), {"show": show}).status_code == 200


def test_it_revokes(client: Client) -> None:
    session = shared_session()
    link, token = make_link(session)
    revoke = f"/session/{session.pk}/share/{link.pk}/revoke"
    assert revoke in client.get(url(session)).content.decode()
    assert client.get(revoke).status_code == 405
    assert "The link is revoked." in client.post(revoke, follow=True).content.decode()
    assert client.get(f"/s/{token}").status_code == 404
    assert 'class="share-link"' not in client.get(url(session)).content.decode()


def test_it_says_that_links_to_a_hidden_session_lead_nowhere(client: Client, alice: User) -> None:
    session = shared_session(origin="uploaded", owner=alice, visibility="public")
    assert "lead nowhere" not in client.get(url(session)).content.decode()
    Session.objects.update(is_hidden=True)
    assert "lead nowhere" in client.get(url(session)).content.decode()


def test_it_revokes_links_of_this_session_only(client: Client, alice: User) -> None:
    own = shared_session(origin="uploaded", owner=alice)
    link, _ = make_link(shared_session(origin="uploaded", owner=person("bob")))
    assert client.post(f"/session/{own.pk}/share/{link.pk}/revoke").status_code == 404
    assert ShareLink.objects.get().revoked_at is None


def test_it_needs_the_token_of_its_form(alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    session = shared_session(origin="uploaded", owner=alice)
    for path in (url(session), f"/session/{session.pk}/visibility", f"/session/{session.pk}/report"):
        assert strict.post(path, {"visibility": "public"}).status_code == 403


def test_it_asks_the_database_as_often_for_many_links(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    session = shared_session()
    for _ in range(10):
        make_link(session)
    with django_assert_max_num_queries(10):
        client.get(url(session))


def test_it_changes_who_may_read(client: Client, alice: User) -> None:
    session = shared_session(origin="uploaded", owner=alice, visibility="private")
    path = f"/session/{session.pk}/visibility"
    assert path in client.get(f"/session/{session.pk}").content.decode()
    assert client.post(path, {"visibility": "everybody"}).status_code == 422
    assert "The session is public now." in client.post(path, {"visibility": "public"}, follow=True).content.decode()
    session.refresh_from_db()
    assert session.visibility == "public"
    entry = AuditEntry.objects.get(action="change visibility")
    assert (entry.actor, entry.facts) == (alice, {"before": "private", "after": "public"})
    assert entry.subject == f"session {session.pk}"


def test_it_keeps_the_audit_free_of_content(client: Client) -> None:
    session = shared_session(title="Deploy the secret shop")
    client.post(url(session), {"leave": ["main.2"], "password": "correct horse"})
    sharing.revoke(link=ShareLink.objects.get(), actor=None, now=session.updated_at)
    entries = str(list(AuditEntry.objects.values()))
    assert "share" in entries
    assert not re.search("shop|Deploy|horse|confidential", entries)
