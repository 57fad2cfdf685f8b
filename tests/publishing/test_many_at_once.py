"""Uploads to a server of several processes, at once and while they are killed."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.publishing.requests import body, hail, said
from tests.publishing.served import Server, serving

STORED = """
from sessions import bodies, fsck
from sessions.models import Session
found = {"events": {}, "files": 0, "findings": []}
for session in Session.objects.select_related("upload"):
    assert session.upload.content_sha256
    found["events"][str(session.pk)] = [session.event_count, len(list(bodies.merged(session)))]
root = bodies.storages["bodies"].path("uploads")
import pathlib
found["files"] = len(list(pathlib.Path(root).rglob("*.zst")))
found["findings"] = [finding.what for finding in fsck.check().findings]
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "served") as running:
        yield running


def session(number: int, events: int = 20) -> bytes:
    return body(hail(*[said(each, f"word{each} " * 40) for each in range(events)], session_id=f"s{number}"))


def test_it_makes_one_row_of_one_session_that_comes_often_at_once(server: Server) -> None:
    with ThreadPoolExecutor(64) as clients:
        answers = list(clients.map(lambda _: server.send(session(1)), range(64)))
    assert sorted(status for status, _ in answers) == [200] * 63 + [201]
    assert len({answer["id"] for _, answer in answers}) == 1
    assert server.asked(STORED) == {"events": {answers[0][1]["id"]: [20, 20]}, "files": 1, "findings": []}


def test_it_keeps_one_of_many_versions_whole(server: Server) -> None:
    with ThreadPoolExecutor(32) as clients:
        answers = list(clients.map(lambda number: server.send(session(1, events=number % 8 + 1)), range(32)))
    assert {status for status, _ in answers} <= {200, 201}
    (stored,) = server.asked(STORED)["events"].values()
    assert stored[0] == stored[1]


def test_it_loses_nothing_that_was_answered_when_it_is_killed(server: Server) -> None:
    answered: dict[str, int] = {}
    room = threading.Semaphore(0)
    is_over = threading.Event()

    def upload(client: int) -> None:
        for number in count(client * 1_000_000):
            if is_over.is_set():
                return
            # Every session comes four times, and has grown each time.
            events = 10 * (number % 4) + 1
            try:
                status, answer = server.send(session(number // 4, events))
            except (OSError, HTTPException):
                continue
            assert status == 201
            answered[answer["id"]] = events
            room.release()

    with ThreadPoolExecutor(6) as clients:
        done = [clients.submit(upload, client) for client in range(6)]
        for _ in range(8):
            for _ in range(10):
                room.acquire()
            _kill(server)
        is_over.set()
    for each in done:
        each.result()
    _check(answered, server.asked(STORED))


def _kill(server: Server) -> None:
    for worker in server.workers():
        os.kill(worker.pid, signal.SIGKILL)


def _check(answered: dict[str, int], stored: dict[str, Any]) -> None:
    assert len(answered) > 15
    held = {identity: events for identity, (counted, events) in stored["events"].items() if counted == events}
    assert len(held) == len(stored["events"])
    # What was killed before it answered may be there as well, but only whole.
    assert [identity for identity, events in answered.items() if held.get(identity, 0) < events] == []
    assert stored["findings"] == []


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read as Linux tells it")
def test_it_holds_little_of_a_large_body(server: Server) -> None:
    server.send(session(1))
    for _ in range(2):
        server.send(session(2, 1_000))
    before = max(map(_peak, server.workers()))
    large = session(3, 90_000)
    assert server.send(large)[0] == 201
    assert len(large) > 32 << 20
    assert max(map(_peak, server.workers())) - before < len(large) // 2


def _peak(worker: psutil.Process) -> int:
    """Return the most that a process has held, in bytes."""
    (line,) = [line for line in Path(f"/proc/{worker.pid}/status").read_text().splitlines() if "VmHWM" in line]
    return int(line.split()[1]) << 10


def test_it_takes_a_body_in_chunks(server: Server) -> None:
    data = session(1, 200)
    assert server.send(iter([data[:1_000], data[1_000:]]))[0] == 201
    assert server.send(data) == (200, server.send(iter([data]))[1])
