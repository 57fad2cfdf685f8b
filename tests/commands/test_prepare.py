from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.base import REPOSITORY


def prepare() -> str:
    out = StringIO()
    call_command("prepare", stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_it_makes_what_a_server_needs(data_dir: Path) -> None:
    assert "No migrations to apply" in prepare()
    assert (data_dir / "bodies").is_dir()
    assert "Ready." in prepare()


@pytest.mark.django_db
def test_it_says_why_nothing_can_be_kept(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "bodies").write_text("a file where the folder belongs")
    with pytest.raises(CommandError, match="bodies cannot be kept"):
        prepare()


def test_it_says_that_the_database_cannot_be_reached() -> None:
    nowhere = {"DATABASE_URL": "postgres://somebody@127.0.0.1:1/nothing"}
    command = [sys.executable, "manage.py", "prepare"]
    done = subprocess.run(command, cwd=REPOSITORY, env=os.environ | nowhere, capture_output=True, text=True)
    assert done.returncode == 1
    assert "the database cannot be made ready: " in done.stderr
    assert "Traceback" not in done.stderr
