from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sessions.daemon.pidfile import AlreadyRunning, only_instance

_HOLDER = """
import sys, time
from pathlib import Path
from sessions.daemon.pidfile import only_instance
with only_instance(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_it_works(data_dir: Path) -> None:
    with only_instance(data_dir):
        assert (data_dir / "daemon.pid").read_text() == f"{os.getpid()}\n"
    assert (data_dir / "daemon.pid").read_text() == ""


def test_it_is_private(data_dir: Path) -> None:
    with only_instance(data_dir):
        assert (data_dir / "daemon.pid").stat().st_mode & 0o777 == 0o600
    assert data_dir.stat().st_mode & 0o777 == 0o700


def test_it_refuses_a_second_instance_and_names_the_first(data_dir: Path) -> None:
    with (
        only_instance(data_dir),
        pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"),
        only_instance(data_dir),
    ):
        pytest.fail("two instances at once")


def test_it_leaves_the_file_of_the_first_alone_when_it_refuses(data_dir: Path) -> None:
    with only_instance(data_dir):
        with pytest.raises(AlreadyRunning), only_instance(data_dir):
            pytest.fail("two instances at once")
        assert (data_dir / "daemon.pid").read_text() == f"{os.getpid()}\n"


def test_it_lets_data_directories_have_one_each(data_dir: Path, home: Path) -> None:
    with only_instance(data_dir), only_instance(home):
        assert (home / "daemon.pid").read_text() == (data_dir / "daemon.pid").read_text()


def test_it_is_free_again_after_an_error(data_dir: Path) -> None:
    with pytest.raises(ZeroDivisionError), only_instance(data_dir):
        raise ZeroDivisionError
    with only_instance(data_dir):
        pass


def test_it_takes_over_from_a_killed_process(data_dir: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", _HOLDER, str(data_dir)], stdout=subprocess.PIPE, text=True)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning, match=f"process {holder.pid}"), only_instance(data_dir):
            pytest.fail("two instances at once")
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with only_instance(data_dir):
        assert (data_dir / "daemon.pid").read_text() == f"{os.getpid()}\n"
