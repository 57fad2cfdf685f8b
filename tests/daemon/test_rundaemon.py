"""The command as people start it: in a process of its own, with a home and a database of its own."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from tests.base import REPOSITORY
from tests.daemon.watching import LINES, SESSION, append, write_lines

PATIENCE = 30.0
_MANAGE = [sys.executable, str(REPOSITORY / "manage.py")]
_RECORDS = "SELECT records FROM ai_sessions_session WHERE hail_id = ?"


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data directory with an empty database in it, to be copied."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    environment = {**os.environ, "OPENSESSION_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "opensession.settings"}
    subprocess.run([*_MANAGE, "migrate", "--skip-checks", "--verbosity=0"], env=environment, check=True)
    return folder


@pytest.fixture
def database(empty_database: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "opensession.settings")
    shutil.copytree(empty_database, data_dir)
    return data_dir / "local.db"


@contextmanager
def running() -> Iterator[subprocess.Popen[str]]:
    """Run the daemon until the end of the block, if it has not ended by then."""
    command = [*_MANAGE, "rundaemon"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as daemon:
        try:
            yield daemon
        finally:
            daemon.kill()


def records(database: Path) -> int:
    """Return how many lines of the log are indexed. The reader is no part of the product."""
    with closing(sqlite3.connect(database, timeout=PATIENCE)) as reader:
        row = reader.execute(_RECORDS, [SESSION]).fetchone()
    return row[0] if row else 0


def wait_until(claim: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not claim():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.02)


def ended(daemon: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str, str]:
    """End the daemon by a signal, and return its exit status and what it wrote."""
    daemon.send_signal(number)
    out, error = daemon.communicate(timeout=PATIENCE)
    return daemon.returncode, out, error


def test_it_works(home: Path, database: Path) -> None:
    path = write_lines(home, LINES[:10])
    with running() as daemon:
        wait_until(lambda: records(database) == 10)
        append(path, LINES[10] + LINES[11][:20])
        wait_until(lambda: records(database) == 11)
        append(path, LINES[11][20:])
        wait_until(lambda: records(database) == 12)
        status, out, error = ended(daemon, signal.SIGTERM)
    assert (status, error) == (0, "")
    assert out.splitlines()[-1] == "Stopped; all that was read is indexed."
    assert (database.parent / "daemon.pid").read_text() == ""


def test_it_follows_an_agent_that_is_installed_while_it_runs(home: Path, database: Path) -> None:
    with running() as daemon:
        assert daemon.stdout is not None
        assert daemon.stdout.readline() == f"Watching the sessions in {home}; Ctrl-C stops.\n"
        path = write_lines(home, LINES[:10])
        wait_until(lambda: records(database) == 10)
        append(path, LINES[10])
        wait_until(lambda: records(database) == 11)
        assert ended(daemon, signal.SIGINT)[0] == 0


def test_it_refuses_to_run_twice(database: Path) -> None:
    with running() as daemon:
        assert daemon.stdout is not None
        daemon.stdout.readline()
        second = subprocess.run([*_MANAGE, "rundaemon"], capture_output=True, text=True, check=False)
        assert second.returncode == 1
        assert second.stderr.count("\n") == 1
        assert f"process {daemon.pid}" in second.stderr


def test_it_starts_after_it_was_killed(home: Path, database: Path) -> None:
    with running() as daemon:
        assert daemon.stdout is not None
        daemon.stdout.readline()
    write_lines(home, LINES)
    once = subprocess.run([*_MANAGE, "rundaemon", "--once"], capture_output=True, text=True, check=True)
    assert once.stdout.startswith("Read 1 of 1 logs; ")
    assert records(database) == len(LINES)


def test_it_refuses_outside_the_local_profile(settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "server"
    with pytest.raises(CommandError, match="local profile only"):
        call_command("rundaemon", once=True)


@pytest.mark.django_db
def test_it_says_when_the_data_directory_cannot_be_used(data_dir: Path) -> None:
    data_dir.write_text("a file")
    with pytest.raises(CommandError, match=str(data_dir)):
        call_command("rundaemon", once=True)
