from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client

from sessions import live
from tests.factories import make_session


@pytest.fixture
def watcher() -> Iterator[live.Watcher]:
    watcher = live.Watcher()
    yield watcher
    watcher.close()


def read(stream: Iterator[str], messages: int) -> list[str]:
    return [next(stream).split("\n")[0] for _ in range(messages)]


@pytest.mark.django_db(transaction=True)
def test_it_tells_when_another_connection_has_stored_something(watcher: live.Watcher) -> None:
    stream = watcher.listen()
    assert stream is not None
    assert read(stream, 1) == ["retry: 2000"]
    # Only what is stored after the thread's first look is news to it, so there is more than one commit.
    writing = threading.Thread(target=_keep_storing, args=(stop := threading.Event(),))
    writing.start()
    try:
        assert next(message for message in iter(stream) if "changed" in message)
    finally:
        stop.set()
        writing.join()
        stream.close()  # type: ignore[attr-defined]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_it_goes_on_after_a_lost_connection(watcher: live.Watcher) -> None:
    stream = watcher.listen()
    assert stream is not None
    read(stream, 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        assert cursor.rowcount == 1
    assert next(message for message in iter(stream) if "changed" in message)
    stream.close()  # type: ignore[attr-defined]


def _keep_storing(stop: threading.Event) -> None:
    while not stop.wait(0.05):
        make_session()
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_it_stops_watching_when_nobody_listens(watcher: live.Watcher) -> None:
    stream = watcher.listen()
    assert stream is not None
    stream.close()  # type: ignore[attr-defined]
    for thread in [each for each in threading.enumerate() if each.name == "live"]:
        thread.join()
    assert next(iter(watcher.listen() or ())).startswith("retry")


@pytest.mark.django_db(transaction=True)
def test_it_refuses_too_many_listeners(client: Client, monkeypatch: pytest.MonkeyPatch, watcher: live.Watcher) -> None:
    monkeypatch.setattr(live, "MOST_LISTENERS", 1)
    monkeypatch.setattr(live, "watcher", watcher)
    first = client.get("/events")
    assert first["Content-Type"] == "text/event-stream"
    assert client.get("/events").status_code == 503
    first.close()
    third = client.get("/events")
    assert third.status_code == 200
    third.close()
