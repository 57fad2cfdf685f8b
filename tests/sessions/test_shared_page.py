from __future__ import annotations

import json
import re
import tracemalloc
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from opensession.hail import jsonl
from opensession.hail.model import Event
from sessions import turns
from sessions.models import Frame, Session, ShareLink, Strand
from tests.base import user as person
from tests.factories import agent, append, call, make_session, make_strand, user
from tests.sessions.links import SECRET, make_link, shared_session
from tests.sessions.pages import long_session, rows, walk

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def server(settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "server"
    settings.SECURE_SSL_REDIRECT = False


def body(answer: Any) -> str:
    return b"".join(answer.streaming_content if answer.streaming else [answer.content]).decode()


def test_it_works(client: Client) -> None:
    _, token = make_link(shared_session(visibility="private"))
    html = body(client.get(f"/s/{token}"))
    assert rows(html) == [0, 1, 2, 3, 4, 5, 6]
    assert '<h1 class="title" title="Ship the shop">' in html
    assert "Deploy with [REDACTED:github-token] please" in html
    assert "~/shop/tests.py" in html or ".../shop/tests.py" in html
    assert "/home/anna" not in html
    assert SECRET not in html


def test_it_stays_below_its_address(client: Client) -> None:
    parent = make_session()
    session = shared_session(parent=parent, cwd="/home/anna/shop", branch="main", tags=["one"])
    make_session(parent=session)
    make_strand(session, [user("Look"), agent("Seen")], key="a1")
    _, token = make_link(session, allows_download=True)
    html = body(client.get(f"/s/{token}"))
    links = set(re.findall(r'(?:href|action|hx-get|data-flow|data-live-url|data-events|data-href)="([^"]*)"', html))
    assert f"/s/{token}/raw" in links
    assert f"/s/{token}?strand=a1" in links
    outside = {link for link in links if not link.startswith((f"/s/{token}", "/static/", "#"))}
    assert outside == set()
    assert str(session.pk) not in html


def test_it_tells_its_address_to_nobody(client: Client) -> None:
    _, token = make_link(shared_session(), allows_download=True, password=PASSWORD)
    paths = [f"/s/{token}", f"/s/{token}/raw", f"/s/{token}/e/main.0", "/s/unknown"]
    answers = [client.get(path) for path in paths]
    client.post(f"/s/{token}/unlock", {"password": PASSWORD})
    answers += [client.get(path) for path in paths] + [client.post(f"/s/{token}/unlock", {"password": "x"})]
    answers += [client.get(f"/s/{token}/unlock")]
    for answer in answers:
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer["X-Robots-Tag"]
        assert "private" in answer["Cache-Control"]


def test_it_answers_unknown_expired_and_revoked_links_alike(client: Client) -> None:
    session = shared_session()
    expired, revoked = (make_link(session, allows_download=True) for _ in range(2))
    moment = timezone.now() - timedelta(seconds=1)
    ShareLink.objects.filter(pk=expired[0].pk).update(expires_at=moment)
    ShareLink.objects.filter(pk=revoked[0].pk).update(revoked_at=moment)
    for path in ("", "/raw", "/e/main.0"):
        tokens = ("x" * 43, expired[1], revoked[1])
        answers = {body(client.get(f"/s/{token}{path}")) for token in tokens}
        assert len(answers) == 1
        assert "may have expired or been revoked" in answers.pop()
    assert client.post(f"/s/{expired[1]}/unlock").status_code == 404


def test_it_counts_who_opens_it(client: Client) -> None:
    link, token = make_link(shared_session())
    client.get(f"/s/{token}")
    client.get(f"/s/{token}?from=2")
    client.head(f"/s/{token}")
    client.get(f"/s/{token}?hide=1", headers={"HX-Request": "true"})
    link.refresh_from_db()
    assert link.view_count == 2


def test_it_asks_for_the_password(client: Client) -> None:
    link, token = make_link(shared_session(), password=PASSWORD, allows_download=True)
    html = body(client.get(f"/s/{token}"))
    assert 'type="password"' in html
    assert "Deploy" not in html
    assert "Ship the shop" not in html
    assert client.get(f"/s/{token}/raw").status_code == 404
    assert client.get(f"/s/{token}/e/main.0").status_code == 302
    assert client.post(f"/s/{token}/unlock", {"password": "wrong"}).status_code == 422
    assert client.post(f"/s/{token}/unlock", {"password": PASSWORD}).url == f"/s/{token}"  # type: ignore[attr-defined]
    assert "Deploy" in body(client.get(f"/s/{token}"))
    assert client.get(f"/s/{token}/raw").status_code == 200
    link.refresh_from_db()
    assert link.view_count == 1


def test_it_takes_the_password_of_one_link_for_no_other(client: Client) -> None:
    session = shared_session()
    (_, first), (other, second) = (make_link(session, password=PASSWORD) for _ in range(2))
    client.post(f"/s/{first}/unlock", {"password": PASSWORD})
    cookie = next(iter(client.cookies.values()))
    assert cookie["path"] == f"/s/{first}"
    assert cookie["httponly"]
    client.cookies[f"opensession_share_{other.pk.hex}"] = cookie.value
    assert "Deploy" not in body(client.get(f"/s/{second}"))


def test_it_grows_deaf_to_guesses(client: Client) -> None:
    _, token = make_link(shared_session(), password=PASSWORD)
    codes = [client.post(f"/s/{token}/unlock", {"password": f"guess {n}"}).status_code for n in range(11)]
    assert codes == [422] * 10 + [429]


def test_it_opens_without_origin_and_referrer() -> None:
    # So browsers post from a page with `no-referrer`; Django's check would refuse them.
    _, token = make_link(shared_session(), password=PASSWORD)
    strict = Client(enforce_csrf_checks=True, headers={"Origin": "null"})
    assert strict.post(f"/s/{token}/unlock", {"password": PASSWORD}).status_code == 302


def test_it_leaves_turns_out_everywhere(client: Client) -> None:
    session = shared_session()
    _, token = make_link(session, leave=["main.2"], allows_download=True)
    html = body(client.get(f"/s/{token}"))
    assert rows(html) == [0, 1, 5, 6]
    assert "1 part left out" in html
    for path in ("", "?before=end", "/e/main.3", "/e/main.2", "/raw", "?hide=5", "?search=confidential"):
        assert not re.search(r"(?<!=)confidential|plans|bold", body(client.get(f"/s/{token}{path}"))), path
    part = client.get(f"/s/{token}/e/main.3?part=row", headers={"HX-Request": "true"})
    assert part.status_code == 404


def test_it_drops_a_title_that_was_taken_from_what_is_left_out(client: Client) -> None:
    session = shared_session(title="Deploy with care", description="Deploy with care and more")
    _, token = make_link(session, leave=["main.0"], allows_download=True)
    assert "with care" not in body(client.get(f"/s/{token}"))
    assert "with care" not in body(client.get(f"/s/{token}/raw"))


def test_it_leaves_subagents_of_a_turn_out_too(client: Client) -> None:
    session = shared_session(user("one"), call("Task", subagent_id="a1"), user("two"), agent("well"))
    make_strand(session, [user("the hidden order")], key="a1", title="the hidden order")
    _, token = make_link(session, leave=["main.0"], allows_download=True)
    assert "hidden order" not in body(client.get(f"/s/{token}")) + body(client.get(f"/s/{token}/raw"))
    assert client.get(f"/s/{token}?strand=a1").status_code == 404
    assert client.get(f"/s/{token}/e/a1.0").status_code == 404


def test_it_leaves_out_what_is_added_to_a_last_turn(client: Client) -> None:
    session = shared_session(user("one"), agent("well"), user("two", seconds=60), agent("unseen", seconds=61))
    make_strand(session, [user("the early helper", seconds=1)], key="a1")
    _, token = make_link(session, leave=["main.2"], allows_download=True)
    append(session.strands.get(key="main"), [call("Task", subagent_id="a2", seconds=62), agent("unseen", seconds=70)])
    make_strand(session, [user("the unseen order", seconds=63)], key="a2")
    seen = body(client.get(f"/s/{token}")) + body(client.get(f"/s/{token}/raw"))
    assert "the early helper" in seen
    assert "unseen" not in seen
    assert client.get(f"/s/{token}?strand=a2").status_code == 404


def test_it_closes_where_its_ranges_fit_no_more(client: Client) -> None:
    session = shared_session()
    _, token = make_link(session, leave=["main.2"])
    Strand.objects.filter(session=session).update(is_live=False)
    make_strand(session, [user("Something confidential"), agent("first now")])
    assert client.get(f"/s/{token}").status_code == 404


def test_it_does_not_search(client: Client) -> None:
    # A search over what is not redacted would tell what stands there.
    _, token = make_link(shared_session())
    html = body(client.get(f"/s/{token}?search={SECRET[:8]}*"))
    assert rows(html) == [0, 1, 2, 3, 4, 5, 6]
    assert "matches" not in html
    assert 'type="search"' not in html


def test_it_gives_a_redacted_file_where_that_is_allowed(client: Client) -> None:
    session = shared_session()
    _, closed = make_link(session)
    assert client.get(f"/s/{closed}/raw").status_code == 404
    assert "Download HAIL" not in body(client.get(f"/s/{closed}"))
    _, token = make_link(session, leave=["main.2"], allows_download=True)
    answer = client.get(f"/s/{token}/raw")
    assert answer["Content-Disposition"] == 'attachment; filename="session.hail.jsonl"'
    text = body(answer)
    values = list(jsonl.read(text.encode().splitlines(keepends=True)))
    assert sum(isinstance(value, Event) for value in values) == 4
    assert SECRET not in text
    assert "/home/anna" not in text
    assert json.loads(text.splitlines()[-1])["event_count"] == 4


def test_it_gives_a_long_file_piece_by_piece(client: Client) -> None:
    session = shared_session(*(agent(f"answer {number} " + "word " * 400) for number in range(4_000)))
    _, token = make_link(session, allows_download=True)
    answer: Any = client.get(f"/s/{token}/raw")
    tracemalloc.start()
    size = sum(map(len, answer.streaming_content))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 8_000_000
    assert peak < 4_000_000


def test_it_follows_a_session_that_is_hidden_or_gone(client: Client) -> None:
    session = shared_session(origin="uploaded", owner=person("alice"), visibility="public")
    _, token = make_link(session)
    Session.objects.update(is_hidden=True)
    assert client.get(f"/s/{token}").status_code == 404
    Session.objects.all().delete()
    assert client.get(f"/s/{token}").status_code == 404


def test_it_says_little_where_a_body_is_damaged(client: Client) -> None:
    session = shared_session()
    _, token = make_link(session, allows_download=True)
    _, last = make_link(session, leave=["main.5"])
    Frame.objects.update(data=None)
    html = body(client.get(f"/s/{token}"))
    assert "cannot be read" in html
    assert "fsck" not in html
    assert str(session.pk) not in html
    assert client.get(f"/s/{last}").status_code == 404
    with pytest.raises(turns.NoTurn, match="cannot be read"):
        turns.ranges(session, ["main.2"])


def test_it_walks_through_a_long_session(client: Client) -> None:
    session = long_session(250)
    _, token = make_link(session, leave=["main.50"])
    seen = list(walk(client, f"/s/{token}", "Later events"))
    assert seen == [number for number in range(250) if not 50 <= number < 60]
