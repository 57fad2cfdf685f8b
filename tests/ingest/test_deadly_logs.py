"""A log that ends the process which reads it costs that log only."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from sessions.ingest import workers
from sessions.ingest.lock import ingest_lock
from sessions.ingest.workers import WorkerDied
from sessions.models import Session, Source
from tests.base import REPOSITORY
from tests.ingest import deadly
from tests.ingest.world import World, said


@pytest.fixture(autouse=True)
def crew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read all logs in processes that a line may end."""
    monkeypatch.setattr(workers, "serve", deadly.serve)
    monkeypatch.setattr("sessions.ingest.run.INLINE", -1)


def write(world: World, *names: str) -> None:
    for name in names:
        world.write(said(0, session=name), session=name)


def stored() -> dict[str, int]:
    return dict(Session.objects.values_list("hail_id", "user_message_count"))


def test_it_indexes_the_others(world: World) -> None:
    write(world, *"abcdefgh")
    world.write(said(1, deadly.ALWAYS, session="d"), session="d")
    world.write(said(1, deadly.ALWAYS, session="g"), session="g")
    report = world.index()
    assert stored() == dict.fromkeys("abcefh", 1)
    assert report.failed == 2
    assert all("was ended twice" in warning for warning in report.warnings)


def test_it_reads_it_again_only_when_it_changed(world: World) -> None:
    write(world, "a")
    world.write(said(1, deadly.ALWAYS, session="d"), session="d")
    world.index()
    assert "was ended twice" in Source.objects.exclude(failure="").get(path=str(world.log("d"))).failure
    assert world.index().failed == 0
    world.log("d").unlink()
    write(world, "d")
    world.index()
    assert stored() == {"a": 1, "d": 1}
    assert not Source.objects.exclude(failure="").exists()


def test_it_keeps_what_it_read_until_then(world: World) -> None:
    world.write(*(said(number, "word " * 100, session="d") for number in range(40)), session="d")
    world.write(said(40, deadly.ALWAYS, session="d"), session="d")
    world.index()
    assert 30 < stored()["d"] <= 40
    assert Source.objects.get().failure


def test_a_process_that_was_ended_by_something_else_costs_nothing(world: World, tmp_path: Path) -> None:
    write(world, *"abcdefgh")
    mark = tmp_path / "mark"
    mark.touch()
    world.write(*(said(number, "word " * 100, session="d") for number in range(1, 40)), session="d")
    world.write(said(40, f"{deadly.ONCE}{mark}", session="d"), said(41, session="d"), session="d")
    report = world.index()
    assert not mark.exists()
    assert (report.failed, report.warnings) == (0, [])
    assert stored() == dict.fromkeys("abcefgh", 1) | {"d": 42}


def test_the_command_says_so(world: World) -> None:
    write(world, "a")
    world.write(said(1, deadly.ALWAYS, session="d"), session="d")
    errors = StringIO()
    with pytest.raises(CommandError, match="1 of the logs could not be read"):
        call_command("index", stdout=StringIO(), stderr=errors)
    assert errors.getvalue().startswith(f"{world.log('d')}: the process that read it was ended twice")


def test_it_says_that_no_process_can_start(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "serve", deadly.stillborn)
    write(world, "a")
    with pytest.raises(WorkerDied, match="ended as it started"):
        world.index()


def test_it_reads_small_logs_elsewhere_once_a_pass_was_killed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions.ingest.run.INLINE", 1 << 20)
    write(world, "a")
    world.write(said(1, deadly.ALWAYS, session="d"), session="d")
    kill_a_pass()
    assert world.index().failed == 1
    assert stored() == {"a": 1}
    with ingest_lock(Path(settings.OPENSESSION_DATA_DIR), wait=0) as was_killed:
        assert not was_killed


def kill_a_pass() -> None:
    """Have a process end while it indexes."""
    folder = str(settings.OPENSESSION_DATA_DIR)
    program = (
        "import os, sys; from pathlib import Path; from sessions.ingest.lock import ingest_lock\n"
        "with ingest_lock(Path(sys.argv[1]), 0): os._exit(9)"
    )
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    assert subprocess.run([sys.executable, "-c", program, folder], env=environment, check=False).returncode == 9
