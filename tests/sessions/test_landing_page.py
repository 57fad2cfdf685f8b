from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from tests.base import user
from tests.factories import make_session

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def profile(settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "server"


def shown(client: Client, path: str = "/") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_tells_strangers_what_this_is(client: Client) -> None:
    html = shown(client)
    assert "Engineered for Repeatable Learning." in html
    assert 'data-contract-section="goal-map"' in html
    assert 'data-contract-section="operating-loop"' in html
    assert "session-search" not in html
    assert "Nobody has published a session here yet." in html


def test_it_shows_the_newest_public_sessions_only(client: Client) -> None:
    make_session(title="A public one", visibility="public")
    make_session(title="An unlisted one", visibility="unlisted")
    make_session(title="A private one", visibility="private")
    for path in ("/", "/sessions"):
        html = shown(client, path)
        assert "A public one" in html
        assert "An unlisted one" not in html
        assert "A private one" not in html


def test_it_offers_no_selection(client: Client) -> None:
    make_session(title="A public one", visibility="public")
    assert 'form="selection"' not in shown(client)
    assert 'form="selection"' in shown(client, "/sessions")


def test_it_costs_the_same_however_many_there_are(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (1, 9):
        for number in range(count):
            make_session(title=f"Session {count}.{number}", visibility="public")
        with django_assert_num_queries(2):
            assert 1 <= shown(client).count('data-session-id="') <= 6


def test_it_shows_the_list_to_who_is_signed_in(client: Client) -> None:
    client.force_login(user("alice"))
    assert "session-search" in shown(client)


def test_it_shows_strangers_no_list_where_the_feed_is_not_public(client: Client, settings: Settings) -> None:
    settings.OPENSESSION_PUBLIC_FEED_ENABLED = False
    session = make_session(title="A public one", visibility="public")
    for path in ("/", "/sessions", "/sessions?search=fix"):
        assert "A public one" not in shown(client, path)
    assert "those who are signed in" in shown(client)
    assert "The sessions are not public" in shown(client, "/sessions")
    assert "A public one" in shown(client, session.get_absolute_url())
    client.force_login(user("alice"))
    assert "A public one" in shown(client)


def test_a_mirror_always_shows_the_feed(client: Client, settings: Settings) -> None:
    settings.OPENSESSION_PROFILE, settings.OPENSESSION_PUBLIC_FEED_ENABLED = "worker", False
    make_session(title="A public one", visibility="public")
    assert "A public one" in shown(client)


def test_it_is_the_list_on_ones_own_machine(client: Client, settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "local"
    assert "session-search" in shown(client)
