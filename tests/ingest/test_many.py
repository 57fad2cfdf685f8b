"""So many logs at once that a statement could not name them all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from django.db import connection

from parsers import discover
from sessions.ingest import run
from sessions.ingest.sources import known_of
from sessions.models import Session, Source
from tests.ingest.world import World, said

# Only SQLite lets a test lower the limit.
pytestmark = pytest.mark.sqlite
MANY = 120


@pytest.fixture(autouse=True)
def few_parameters(db: None) -> Iterator[None]:
    """Allow 100 parameters in a statement; SQLite as it is often built allows 999."""
    connection.ensure_connection()
    before = connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 100)
    yield
    connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, before)


@pytest.fixture
def crowd(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("sessions.ingest.run.BATCH_LOGS", 50)
    monkeypatch.setattr("sessions.ingest.sources.PART", 50)
    for number in range(MANY):
        world.write(said(0, session=f"s{number}"), session=f"s{number}")
    return world


def test_it_indexes_many_small_logs(crowd: World) -> None:
    report = crowd.index()
    assert (len(report.new), report.transactions) == (MANY, 3)


def test_it_notices_that_many_logs_are_gone_and_back(crowd: World) -> None:
    crowd.index()
    folder = crowd.log().parent
    folder.rename(crowd.home / "away")
    assert crowd.index().sessions_missing == MANY
    (crowd.home / "away").rename(folder)
    assert crowd.index().sessions_missing == 0
    assert not Session.objects.filter(source_missing=True).exists()


def test_it_knows_many_paths(crowd: World) -> None:
    crowd.index()
    paths = [log.path for log in discover.logs(crowd.home, {}, [])]
    assert sorted(known_of(paths)) == sorted(paths)


def test_the_daemon_reads_many_logs_that_changed_at_once(crowd: World) -> None:
    crowd.index()
    for number in range(MANY):
        crowd.write(said(1, session=f"s{number}"), session=f"s{number}")
    report = run.index_logs(crowd.settings(), list(discover.logs(crowd.home, {}, [])))
    assert report.events == MANY
    assert Source.objects.count() == MANY
