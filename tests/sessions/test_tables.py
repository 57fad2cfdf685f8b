"""Commands make the tables that they need, on a machine where nothing was ever set up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.base import REPOSITORY


def manage(*arguments: str, profile: str = "local") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"OPENSESSION_PROFILE": profile}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "arguments",
    [("index",), ("handoff", "--last"), ("parsers",), ("fsck",), ("rundaemon", "--once")],
    ids=lambda arguments: str(arguments[0]),
)
def test_it_needs_no_setting_up(indexed_home: Path, data_dir: Path, arguments: tuple[str, ...]) -> None:
    done = manage(*arguments)
    assert done.returncode == 0, done.stderr
    assert "no such table" not in done.stderr


def test_it_leaves_the_tables_of_a_server_to_its_operator(data_dir: Path) -> None:
    done = manage("fsck", profile="server")
    assert done.returncode == 1
    assert "run `manage.py prepare`" in done.stderr
