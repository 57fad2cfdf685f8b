"""What happens when the machine is against us: no permission, no room, a locked database, a vanished file."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import override_settings

from parsers import discover
from parsers.discover import Unreadable
from sessions import bodies
from sessions.faces import said as said_of
from sessions.ingest.lock import Busy, ingest_lock
from sessions.ingest.reading import read
from sessions.ingest.work import Failure, Stat, Work
from sessions.models import Session, Strand
from sessions.stores import Files
from tests.ingest.world import SESSION, World, said

NOBODY = 65534

NOWHERE = Stat(0, 0, 0)


@contextmanager
def without_root() -> Iterator[None]:
    """Give up root's rights for a while, as nothing is forbidden to it."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


def test_it_names_a_folder_that_it_may_not_read() -> None:
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        closed = Path(name) / ".claude" / "projects" / "closed"
        closed.mkdir(parents=True)
        closed.chmod(0)
        unreadable: list[Unreadable] = []
        with without_root():
            found = list(discover.logs(Path(name), {}, unreadable))
        closed.chmod(0o700)
    assert (found, unreadable) == ([], [Unreadable(str(closed), "Permission denied")])


def test_it_says_that_a_log_vanished(tmp_path: Path) -> None:
    gone = tmp_path / "gone.jsonl"
    assert list(read(Work(3, "claude-code", str(gone), NOWHERE))) == [
        Failure(3, "vanished before it was read", NOWHERE, vanished=True)
    ]


def test_it_refuses_what_is_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    (failure,) = read(Work(0, "claude-code", str(tmp_path / "pipe.jsonl"), NOWHERE))
    assert isinstance(failure, Failure)
    assert "is not a regular file" in failure.reason


def test_it_keeps_nothing_half_written_when_the_disk_is_full(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions.ingest.frames.FRAME_BYTES", 2_000)
    world.write(*[said(number, "word " * 100) for number in range(20)])
    with full_disk(), pytest.raises(OSError, match="No space left"):
        world.index()
    assert not Session.objects.exists()
    assert not Strand.objects.exists()


def test_it_goes_on_when_there_is_room_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions.ingest.frames.FRAME_BYTES", 2_000)
    world.write(*[said(number, "word " * 100) for number in range(20)])
    with full_disk(), pytest.raises(OSError, match="No space left"):
        world.index()
    world.index()
    assert len(list(bodies.merged(Session.objects.get()))) == 20


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_it_stores_nothing_while_the_database_is_locked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(home)
    world.write(said(0))
    connection.ensure_connection()
    connection.connection.execute("PRAGMA busy_timeout=50")
    other = sqlite3.connect(connection.settings_dict["NAME"], uri=True, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(OperationalError, match="locked") as raised:
            world.index()
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert "locked" in said_of(raised.value)
    world.index()
    assert Session.objects.get().hail_id == SESSION


def test_it_lets_only_one_pass_run(world: World) -> None:
    with ingest_lock(Path(settings.OPENSESSION_DATA_DIR), wait=0), pytest.raises(Busy, match="another process"):
        world.index()


def test_it_fails_when_a_log_could_not_be_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.write(said(0))
    os.mkfifo(world.log("pipe"))
    monkeypatch.setattr("parsers.discover.S_ISREG", lambda mode: True)
    with pytest.raises(CommandError, match="1 of the logs could not be read"):
        call_command("index")


class FullDisk(Files):
    """Every body lies on the device that always answers that there is no room."""

    def path(self, name: str) -> str:
        return "/dev/full"


def full_disk() -> override_settings:
    return override_settings(
        STORAGES=settings.STORAGES | {"bodies": {"BACKEND": "tests.ingest.test_bad_machine.FullDisk"}}
    )
