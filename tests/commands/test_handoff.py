from __future__ import annotations

import json
import os
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from pytest_django import Settings

from handoff.management.actions.files import write_file
from handoff.management.commands.handoff import ACTIONS
from sessions.ingest.lock import ingest_lock
from sessions.models import Session
from tests.ingest.world import SESSION, World, answered, ran, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(home: Path) -> World:
    world = World(home)
    world.write(said(0, "fix the login"), ran(1, "pytest -q"), answered(2, 1, "Exit code 1\n1 failed", is_error=True))
    return world


def handoff(*arguments: str) -> tuple[str, str]:
    out, errors = StringIO(), StringIO()
    call_command("handoff", *arguments, stdout=out, stderr=errors)
    return out.getvalue(), errors.getvalue()


def document(*arguments: str) -> Any:
    (only,) = json.loads(handoff("--last", *arguments)[0])
    return only


def failure(*arguments: str) -> tuple[int, str]:
    """Return the exit code and the message, for people, of a handoff that fails."""
    form = () if arguments[0] in ACTIONS else ("--format", "markdown")
    with pytest.raises(CommandError) as raised:
        handoff(*arguments, *form)
    return raised.value.returncode, str(raised.value)


def test_it_works_on_a_machine_that_was_never_indexed(world: World) -> None:
    contract = document()
    assert (contract["session_id"], contract["objective"]) == (SESSION, "fix the login")
    assert contract["verification"]["checks_failed"] == ["pytest -q"]
    assert contract["stats"]["event_count"] == 3


@pytest.mark.parametrize("form", ["markdown", "text"])
def test_it_writes_markdown(world: World, form: str) -> None:
    assert handoff("--last", "--format", form)[0].startswith("# Session Handoff\n\n## Objective\nfix the login\n")


def test_it_takes_the_session_that_ended_last(world: World) -> None:
    other = "9d2c8f7a-0b1c-4d2e-8f3a-4b5c6d7e8f90"
    world.write(said(1, "an older one", session=other), session=other)
    assert document()["session_id"] == SESSION
    world.write(said(59, "and on", session=other), session=other)
    assert document()["session_id"] == other


def test_it_leaves_auxiliary_sessions_out(world: World) -> None:
    document()
    Session.objects.update(is_auxiliary=True)
    assert "no session is indexed yet" in failure("--last")[1]


def test_it_says_what_to_do_without_sessions(home: Path) -> None:
    code, message = failure("--last")
    assert (code, message) == (1, "no session is indexed yet; work with an agent, then run `manage.py index`")


def test_it_tells_programs_in_json_what_failed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        call_command("handoff", "--last", "0", "--format", "jsonl")
    assert raised.value.code == 1
    line = json.loads(capsys.readouterr().out)
    assert list(line) == ["version", "type", "@level", "@message", "diagnostic"]
    assert line["diagnostic"]["summary"].startswith("--last 0: there is nothing to hand off")


def test_it_indexes_nothing_outside_the_local_profile(world: World, settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "server"
    assert "no session is indexed yet" in failure("--last")[1]
    assert not Session.objects.exists()


def test_it_names_a_log_that_it_could_not_read(world: World) -> None:
    rollout = world.home / ".codex" / "sessions" / "rollout-1.jsonl.zst"
    rollout.parent.mkdir(parents=True)
    rollout.write_bytes(b"not packed")
    assert f"{rollout}: " in handoff("--last")[1]


def test_it_says_what_to_do_with_a_damaged_session(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions.ingest.frames.FRAME_BYTES", 500)
    document()
    strand = Session.objects.get().strands.get()
    path = Path(storages["bodies"].path(strand.body))
    path.write_bytes(bytes(path.stat().st_size))
    assert "run `manage.py fsck`" in failure("--last")[1]


def test_it_validates_on_stderr(world: World) -> None:
    out, errors = handoff("--last", "--validate")
    assert errors.startswith("Handoff validation: 1/1 passed")
    assert json.loads(errors.splitlines()[-1])["type"] == "handoff_validation"
    assert json.loads(out)[0]["validation"]["passed"] is True


def test_it_says_nothing_that_a_terminal_would_obey(world: World) -> None:
    code, words = failure("\x1b[2Jfees")
    assert (code, "\x1b" in words, "fees is neither a file nor the id of a session" in words) == (3, False, True)


def test_it_writes_a_file(world: World, tmp_path: Path) -> None:
    target = tmp_path / "HANDOFF.md"
    out, errors = handoff("--last", "--format", "markdown", "--output", str(target))
    assert (out, errors) == ("", f"Wrote {target}\n")
    assert target.read_text().startswith("# Session Handoff")


def test_it_names_a_file_that_it_cannot_write(world: World, tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "HANDOFF.md"
    assert "No such file or directory" in failure("--last", "--output", str(target))[1]


def test_it_leaves_nothing_half_written(world: World, tmp_path: Path) -> None:
    target = tmp_path / "HANDOFF.md"
    target.mkdir()
    assert failure("--last", "--output", str(target))[0] == 1
    assert not list(tmp_path.glob(".HANDOFF*"))


def test_it_keeps_what_was_there_when_writing_fails(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    target = folder / "HANDOFF.md"
    target.write_text("before")
    with pytest.raises(UnicodeEncodeError):
        write_file(target, "half of a pair: \ud800")
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("HANDOFF.md", "before")]


def test_it_writes_to_a_pipe_and_to_what_a_link_leads_to(tmp_path: Path) -> None:
    pipe, link, target = tmp_path / "pipe", tmp_path / "link", tmp_path / "target"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_file(pipe, "through")
    assert (os.read(reader, 100), pipe.is_fifo()) == (b"through", True)
    os.close(reader)
    target.write_text("before")
    link.symlink_to(target)
    write_file(link, "after")
    assert (link.is_symlink(), target.read_text()) == (True, "after")


def test_it_uses_what_is_indexed_while_another_pass_runs(
    world: World, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handoff.management.actions.inputs.PATIENCE", 0.05)
    document()
    world.write(said(9, "too late"))
    with ingest_lock(data_dir, wait=0):
        out, errors = handoff("--last")
    assert "Using what is indexed already: another process is indexing" in errors
    assert json.loads(out)[0]["stats"]["event_count"] == 3
