"""What the tests of pages share: they read HTML as a browser without scripts does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.test import Client

from sessions.models import Session
from tests.factories import agent, edit, make_session, user


def page(client: Client, session: Session, query: str = "", **headers: str) -> str:
    answer = client.get(f"/session/{session.pk}{query}", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def rows(html: str) -> list[int]:
    """Return the numbers of the rows of the timeline."""
    return [int(number) for number in re.findall(r'data-timeline-idx="(\d+)"', html)]


def links(html: str, words: str) -> list[str]:
    found = re.findall(rf'<a [^>]*?href="([^"]+)"[^>]*>{words}</a>', html)
    return [link.replace("&amp;", "&") for link in found]


def long_session(length: int) -> Session:
    """Store a session of 1 user message per 10 events, and 1 edit near its end; several frames from 2,000 events on."""
    filler = "words that fill a frame " * 20
    events = [user(f"question {n} {filler}") if n % 10 == 0 else agent(f"answer {n} {filler}") for n in range(length)]
    events[length - 5] = edit()
    return make_session(*events, title="A long one")


def walk(client: Client, url: str, words: str) -> Iterator[int]:
    """Yield the rows of every window, following the links of a page without scripts."""
    for _ in range(20):
        html = client.get(url).content.decode()
        yield from rows(html)
        following = links(html, words)
        if not following:
            return
        (url,) = following
