"""The daemon is measured by the work it does, not by the time it takes: files opened, bytes read, transactions."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from parsers import discover
from sessions.daemon.run import RESCAN, Daemon
from sessions.faces import ingest_settings
from sessions.ingest.run import index, index_logs
from sessions.models import Session
from tests.daemon.watching import LINES, Clock, append, opened_logs, write_lines

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_opens_and_reads_nothing_when_nothing_changed(home: Path) -> None:
    write_lines(home, LINES)
    index(ingest_settings())
    with opened_logs(home) as opened:
        report = index(ingest_settings())
    assert (report.files_seen, report.files_opened, report.bytes_read, report.transactions) == (1, 0, 0, 0)
    assert opened == []


def test_it_reads_an_appended_line_in_one_open_and_one_transaction(home: Path) -> None:
    path = write_lines(home, LINES[:-1] * 20)
    index(ingest_settings())
    append(path, LINES[-1])
    with opened_logs(home) as opened, CaptureQueriesContext(connection) as queries:
        report = index_logs(ingest_settings(), [discover.look("claude-code", str(path))])
    assert opened == [str(path)]
    assert report.files_opened == 1
    assert len(LINES[-1]) <= report.bytes_read <= len(LINES[-1]) + 4096
    assert report.transactions == 1
    begin = "BEGIN IMMEDIATE" if connection.vendor == "sqlite" else "BEGIN"
    said = [query["sql"] for query in queries if query["sql"].startswith(("BEGIN", "COMMIT"))]
    assert said == [begin, "COMMIT"]


def test_an_idle_daemon_opens_no_log(home: Path) -> None:
    write_lines(home, LINES)
    daemon = Daemon(ingest_settings(), clock := Clock())
    daemon.work()
    with opened_logs(home) as opened:
        for _ in range(5):
            clock.now += RESCAN
            daemon.work()
    assert opened == []


def test_the_daemon_opens_a_log_once_for_a_burst_of_events(home: Path) -> None:
    path = write_lines(home, LINES[:-1])
    daemon = Daemon(ingest_settings(), clock := Clock())
    daemon.work()
    append(path, LINES[-1])
    with opened_logs(home) as opened:
        for _ in range(10):
            daemon.note(str(path))
            daemon.work()
            clock.now += 0.2
    assert opened == [str(path)]
    assert Session.objects.get().records == len(LINES)


def test_the_daemon_visits_a_growing_log_every_half_second(home: Path) -> None:
    path = write_lines(home, LINES[:6])
    daemon = Daemon(ingest_settings(), clock := Clock())
    daemon.work()
    with path.open("ab", buffering=0) as log, opened_logs(home) as opened:
        for line in LINES[6:16]:
            log.write(line)
            daemon.note(str(path))
            daemon.work()
            clock.now += 0.1
    assert opened == [str(path)] * 2
