"""`handoff --populate` with a real program: a script on the PATH."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.test_handoff import failure, handoff
from tests.ingest.world import World, said

pytestmark = pytest.mark.django_db


class Desk:
    """A working directory, and a PATH with programs of our own on it."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.programs = folder, programs

    def install(self, name: str, script: str) -> None:
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    @property
    def document(self) -> str:
        return (self.folder / "HANDOFF.md").read_text()


@pytest.fixture
def desk(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    World(home).write(said(0, "fix the login"))
    desk = Desk(tmp_path / "desk", tmp_path / "programs")
    desk.folder.mkdir()
    desk.programs.mkdir()
    monkeypatch.chdir(desk.folder)
    monkeypatch.setenv("PATH", f"{desk.programs}:/usr/bin:/bin")
    return desk


def test_it_lets_an_agent_write_the_file(desk: Desk) -> None:
    desk.install("claude", 'printf "%s\\n" "$@" > args; cat > stdin; echo "# Filled in" > HANDOFF.md; echo done')
    out, errors = handoff("--populate", "claude:opus-4.6")
    assert (out, desk.document) == ("done\n", "# Filled in\n")
    assert errors.endswith("Wrote HANDOFF.md\n")
    flag, prompt = (desk.folder / "args").read_text().split("\n", 1)
    assert flag == "-c"
    assert prompt.startswith("Model preference: `opus-4.6`, if this CLI supports it. ")
    assert "HANDOFF.md" in prompt
    assert json.loads((desk.folder / "stdin").read_text())[0]["objective"] == "fix the login"


def test_it_takes_what_an_agent_prints_for_the_file(desk: Desk) -> None:
    desk.install("codex", 'cat > /dev/null; echo "# $1"')
    assert handoff("--populate", " Codex ")[0] == "# exec\n"
    assert desk.document == "# exec\n"


def test_it_also_writes_the_handoff_where_it_is_told_to(desk: Desk) -> None:
    desk.install("amp", "cat")
    handoff("--populate", "amp", "--output", "handoff.json")
    assert json.loads((desk.folder / "handoff.json").read_text()) == json.loads(desk.document)


def test_it_passes_the_format_on(desk: Desk) -> None:
    desk.install("gemini", "cat")
    handoff("--populate", "gemini", "--format", "markdown")
    assert desk.document.startswith("# Session Handoff")


@pytest.mark.parametrize(
    ("provider", "script", "message"),
    [
        ("opencode", "", "opencode cannot be run (No such file or directory); install it"),
        ("opencode", "exit 7", "opencode failed with exit code 7"),
        ("opencode", "cat > /dev/null", "opencode neither wrote HANDOFF.md nor answered"),
        ("nobody", "", "name one of claude, codex, opencode, gemini, amp"),
    ],
)
def test_it_says_why_there_is_no_file(desk: Desk, provider: str, script: str, message: str) -> None:
    if script:
        desk.install(provider, script)
    code, words = failure("--populate", provider)
    assert (code, message in words) == (1, True), words
    assert not (desk.folder / "HANDOFF.md").exists()


def test_it_stops_an_agent_that_takes_too_long_with_all_it_started(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handoff.management.actions.populate.MOST_SECONDS", 0.3)
    desk.install("amp", "(sleep 60; echo late > late) & sleep 60")
    assert "amp took longer than 0 s and was stopped" in failure("--populate", "amp")[1]


def test_it_gives_no_secrets_away(desk: Desk, home: Path) -> None:
    secret = "ghp_" + "a1B2" * 9
    World(home).write(said(1, f"push with {secret} from {home}/shop"))
    desk.install("codex", "cat > stdin; echo ok")
    handoff("--populate", "codex")
    given = (desk.folder / "stdin").read_text()
    assert "push with" in given
    assert secret not in given
    assert str(home) not in given
