"""`handoff resume`: sessions of other agents, read back by the parsers of those agents."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import parsers
from opensession.hail.actions import AgentMessage, UserMessage
from opensession.hail.extract import user_text
from opensession.hail.model import Session
from tests.commands.test_handoff import failure, handoff
from tests.ingest.world import SESSION, World, answered, ran, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(home: Path) -> World:
    world = World(home)
    world.write(said(0, "fix the login"), ran(1, "pytest -q"), answered(2, 1, "Exit code 1\n1 failed", is_error=True))
    return world


def written(home: Path, tool: str) -> Session:
    """Return the session that was written for an agent, as its own parser reads it."""
    before = set(home.rglob("*.jsonl"))
    handoff("resume", "--in", tool)
    (path,) = set(home.rglob("*.jsonl")) - before
    assert path.stat().st_mode & 0o777 == 0o600
    assert parsers.find(path) == tool
    return parsers.parse(path)


@pytest.mark.parametrize("tool", ["claude-code", "codex"])
def test_it_writes_a_session_that_holds_the_handoff_and_the_last_turns(world: World, tool: str) -> None:
    session = written(world.home, tool)
    first, *others = (event for event in session.events if type(event.action) in (UserMessage, AgentMessage))
    opening = user_text(first)
    assert isinstance(first.action, UserMessage)
    assert opening.startswith(f"fix the login\n\nThis session goes on from a session of claude-code ({SESSION}).")
    assert "# Session Handoff\n\n## Objective\nfix the login\n" in opening
    assert [user_text(event) for event in others] == [
        "I have read the handoff. I go on from there.",
        "fix the login",
        "[ran `pytest -q`, exit code 1]\n\n[it failed]\n```\nExit code 1\n1 failed\n```",
    ]


def test_it_prints_the_command_that_goes_on(world: World) -> None:
    out, errors = handoff("resume", "--in", "claude", SESSION[:8])
    path = Path(errors.splitlines()[-1].removeprefix("Wrote "))
    assert out == f"claude --resume {path.stem}\n"
    assert "codex resume " in handoff("resume", "--in", "codex")[0]


def test_it_goes_to_the_folder_of_the_session(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "my shop"
    folder.mkdir()
    world.write(said(9, "here") | {"cwd": str(folder)}, session="9" * 8 + SESSION[8:])
    out, errors = handoff("resume", "--in", "claude-code")
    assert out.startswith(f"cd '{folder}' && claude --resume ")
    assert "-my-shop/" in errors


def test_it_shows_the_file_without_writing_it(world: World) -> None:
    before = set(world.home.rglob("*"))
    out, errors = handoff("resume", "--in", "codex", "--dry-run")
    assert errors.startswith("Would write ")
    assert out.startswith('{"timestamp":')
    assert set(world.home.rglob("*")) == before


def test_it_honours_where_agents_keep_their_sessions(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / "elsewhere"))
    handoff("resume", "--in", "codex", SESSION)
    assert len(list((tmp_path / "elsewhere" / "sessions").rglob("rollout-*.jsonl"))) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "say who goes on"),
        (("--in", "amp"), "name one of claude-code, codex"),
        (("--in", "codex", "--last", "2"), "one session can be resumed at a time"),
    ],
)
def test_it_says_what_is_missing(world: World, arguments: tuple[str, ...], message: str) -> None:
    world.write(said(5, "another", session="8" * 8 + SESSION[8:]), session="8" * 8 + SESSION[8:])
    code, words = failure("resume", *arguments)
    assert (code, message in words) == (2, True), words


def test_it_is_a_session_that_is_found_like_any_other(world: World) -> None:
    handoff("resume", "--in", "codex", SESSION)
    assert '"tool":"codex"' in handoff("--tool", "codex HEAD", "--format", "jsonl")[0]


def test_it_takes_no_shell(world: World) -> None:
    out, _ = handoff("resume", "--in", "codex", SESSION)
    assert subprocess.run(["sh", "-n"], input=out, text=True, check=True).returncode == 0


def test_it_gives_no_secrets_away(world: World) -> None:
    secret = "ghp_" + "a1B2" * 9
    world.write(said(3, f"push with {secret}"))
    out, _ = handoff("resume", "--in", "codex", "--dry-run")
    assert "push with" in out
    assert secret not in out
