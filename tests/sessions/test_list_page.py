from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from tests.base import user as person
from tests.factories import agent, make_session, make_sessions, user

pytestmark = pytest.mark.django_db


def page(client: Client, query: str = "", **headers: str) -> str:
    answer = client.get(f"/sessions{query}", headers=headers, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_works(client: Client) -> None:
    session = make_session(title="Fix the login", repo="shop", message_count=1200, duration_seconds=3700)
    html = page(client)
    assert f'href="/session/{session.pk}"' in html
    assert "Fix the login" in html
    assert "1,200 messages" in html
    assert "1h 1m" in html
    assert "Sessions (1)" in html
    assert html.count("<nav") == 1


def test_it_is_the_first_page_too(client: Client) -> None:
    make_session(title="Fix the login")
    assert "Fix the login" in client.get("/").content.decode()


def test_it_says_how_to_begin(client: Client) -> None:
    html = page(client)
    assert "No sessions yet" in html
    assert "manage.py index" in html


def test_it_says_on_a_server_how_to_upload(client: Client, settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "server"
    assert 'href="/upload"' not in page(client)
    client.force_login(person("alice"))
    assert 'href="/upload"' in page(client)
    settings.OPENSESSION_PROFILE = "worker"
    assert 'href="/upload"' not in page(client)


def test_it_tells_a_search_without_result_from_an_empty_index(client: Client) -> None:
    make_session(title="Fix the login")
    html = page(client, "?search=zebra")
    assert "No sessions found" in html
    assert "No sessions yet" not in html


def test_it_says_why_a_search_cannot_be_understood(client: Client) -> None:
    make_session()
    assert "is not closed" in page(client, '?search="fix')


def test_it_filters_by_tool(client: Client) -> None:
    make_session(title="by claude")
    make_session(title="by codex", tool="codex")
    html = page(client, "?tool=codex")
    assert "by codex" in html
    assert "by claude" not in html


def test_it_filters_by_time(client: Client) -> None:
    make_session(title="of today")
    make_session(title="of last month", updated_at=timezone.now() - timedelta(days=20))
    assert "of last month" in page(client, "?time_range=30d")
    assert "of last month" not in page(client, "?time_range=7d")


@pytest.mark.parametrize(("sort", "first"), [("recent", "newest"), ("popular", "loudest"), ("longest", "slowest")])
def test_it_sorts(client: Client, sort: str, first: str) -> None:
    past = timezone.now() - timedelta(days=1)
    make_session(title="loudest", message_count=99, updated_at=past)
    make_session(title="slowest", duration_seconds=9999, updated_at=past)
    make_session(title="newest")
    html = page(client, f"?sort={sort}")
    assert min(("newest", "loudest", "slowest"), key=html.index) == first


def test_it_shows_the_words_it_found(client: Client) -> None:
    session = make_session(user("say hello"), agent("the zebra crossed the road"))
    html = page(client, "?search=zebra")
    assert "the <mark>zebra</mark> crossed" in html
    assert f"/session/{session.pk}/e/main.1?id=" in html


def test_it_groups_by_agents(client: Client) -> None:
    make_session(title="alone")
    make_session(title="crowded", max_active_agents=3)
    html = page(client, "?layout=agents")
    assert "[Agents = grouped by max active agents] [cols:2]" in " ".join(html.replace("</span>", "").split())
    assert html.index("3 agents") < html.index("crowded") < html.index("1 agent") < html.index("alone")


def test_it_leaves_defaults_out_of_the_address(client: Client) -> None:
    answer = client.get("/sessions?search=&tool=codex&sort=recent", headers={"HX-Request": "true"})
    assert answer["HX-Push-Url"] == "/sessions?tool=codex"
    assert client.get("/sessions?search=&tool=", headers={"HX-Request": "true"})["HX-Push-Url"] == "/sessions"


def test_it_leaves_them_out_without_scripts_too(client: Client) -> None:
    assert client.get("/sessions?search=&tool=codex&sort=recent").headers["Location"] == "/sessions?tool=codex"
    assert client.get("/sessions?sort=bogus").headers["Location"] == "/sessions"
    assert client.get("/sessions?tool=codex&utm_source=x").status_code == 200


def test_it_answers_htmx_with_the_part(client: Client) -> None:
    html = page(client, **{"HX-Request": "true"})
    assert html.lstrip().startswith("<section")
    whole = page(client, **{"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert whole.startswith("<!doctype html>")


def test_it_may_not_be_kept_by_caches(client: Client) -> None:
    answer = client.get("/sessions")
    assert {"private", "no-cache"} <= set(answer["Cache-Control"].split(", "))
    assert "HX-Request" in answer["Vary"]


def test_it_goes_on_where_the_page_ends(client: Client) -> None:
    make_sessions(25)
    html = page(client)
    assert html.count("data-session-id=") == 20
    more = html.split('id="more"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    rest = client.get(more).content.decode()
    assert rest.count("data-session-id=") == 5
    assert 'id="more"' not in rest


def test_it_asks_as_much_for_many_sessions_as_for_few(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_sessions(5)
    page(client)
    with django_assert_num_queries(3):
        page(client)
    make_sessions(45)
    with django_assert_num_queries(3):
        page(client)


def test_it_escapes_what_stands_in_logs(client: Client) -> None:
    make_session(
        title="<script>alert(1)</script> \x1b[31mred\x1b[0m \u202eevil",
        repo='"><img src=x onerror=alert(2)>',
        model="<b>m</b>",
    )
    html = page(client)
    assert "<script>alert" not in html
    assert "<img" not in html
    assert "onerror=alert(2)" not in html.replace("&quot;&gt;", "")
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "⟨U+202E⟩evil" in html


def test_it_hides_what_a_stranger_may_not_see(client: Client, settings: Settings) -> None:
    alice = person("alice")
    make_session(title="secret plan", origin="uploaded", owner=alice)
    make_session(title="open plan", origin="uploaded", owner=alice, visibility="public")
    make_session(title="of the operator")
    settings.OPENSESSION_PROFILE = "server"
    html = page(client)
    assert "open plan" in html
    assert "secret plan" not in html
    assert "of the operator" not in html


def test_it_leaves_auxiliary_sessions_to_their_parent(client: Client) -> None:
    parent = make_session(title="the parent")
    child = make_session(title="the child", is_auxiliary=True, parent=parent, id=UUID(int=7))
    assert "the child" not in page(client)
    html = client.get(f"/session/{parent.pk}").content.decode()
    assert f'href="/session/{child.pk}"' in html


def test_it_has_every_hook(client: Client) -> None:
    html = page(client)
    for name in ("shortcut-footer", "tor-footer-hint", "list-shortcut-legend", "session-layout-summary"):
        assert f'data-testid="{name}"' in html
    for name in ("command-palette", "command-palette-input"):
        assert f'data-testid="{name}"' in html
    assert 'id="session-search"' in html
    assert "[List = one chronological feed]" in html
