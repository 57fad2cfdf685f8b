"""Folders and names that do not behave: each costs itself and nothing else, and is named."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from parsers import discover
from parsers.discover import Unreadable
from sessions.daemon.run import Daemon
from sessions.ingest.run import Settings
from sessions.models import Session, Source
from tests.golden import FIXTURES
from tests.ingest.test_bad_machine import without_root
from tests.ingest.world import World, said, texts


@pytest.fixture
def open_home() -> Iterator[Path]:
    """Return a home that everybody may enter, unlike pytest's folders."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


def test_a_name_that_is_no_text_costs_itself_only(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.write(said(0))
    os.rename(world.write(said(1), session="other"), os.fsencode(world.log("x")).replace(b"x.jsonl", b"\xff.jsonl"))
    with pytest.raises(CommandError, match="1 of the logs could not be read"):
        call_command("index")
    assert texts(Session.objects.get()) == ["message 0"]
    assert "is not UTF-8; rename it" in capsys.readouterr().err


def test_the_daemon_passes_over_a_name_that_is_no_text(world: World, data_dir: Path) -> None:
    odd = os.fsdecode(os.fsencode(world.log("x")).replace(b"x.jsonl", b"\xff.jsonl"))
    Path(odd).write_bytes(world.write(said(0)).read_bytes())
    assert discover.tool_of(odd, world.home, {}) is None
    daemon = Daemon(Settings(world.home, os.environ, data_dir, processes=1))
    daemon.work()
    assert Session.objects.count() == 1


@pytest.mark.parametrize("closed", [".codex", ".claude"])
def test_a_closed_folder_of_one_agent_costs_itself_only(open_home: Path, closed: str) -> None:
    for place in (".claude/projects/p/1.jsonl", ".codex/sessions/rollout-1.jsonl"):
        (open_home / place).parent.mkdir(parents=True)
        (open_home / place).write_bytes(b"{}\n")
    (open_home / closed).chmod(0)
    unreadable: list[Unreadable] = []
    with without_root():
        found = list(discover.logs(open_home, {}, unreadable))
    (open_home / closed).chmod(0o700)
    assert len(found) == 1
    assert {one.reason for one in unreadable} == {"Permission denied"}
    assert all(one.path.startswith(str(open_home / closed)) for one in unreadable)


def test_a_log_that_cannot_be_looked_at_is_named(open_home: Path) -> None:
    log = open_home / ".claude" / "projects" / "p" / "1.jsonl"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"{}\n")
    log.parent.chmod(0o444)
    unreadable: list[Unreadable] = []
    with without_root():
        found = list(discover.logs(open_home, {}, unreadable))
    log.parent.chmod(0o700)
    assert (found, unreadable) == ([], [Unreadable(str(log), "Permission denied")])


def test_a_log_that_cannot_be_looked_at_is_not_gone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    path = world.write(said(0))
    world.index()
    path.rename(path.with_suffix(".away"))

    def logs(home: Path, env: object, unreadable: list[Unreadable], extra: object) -> list[discover.Log]:
        unreadable.append(Unreadable(str(path), "Permission denied"))
        return []

    monkeypatch.setattr(discover, "logs", logs)
    world.index()
    assert not Source.objects.get().is_missing


def test_a_log_that_is_found_twice_is_read_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # With this variable one folder of Codex lies inside the other.
    monkeypatch.setenv("CODEX_HOME", str(world.home / ".codex" / "sessions"))
    log = world.home / ".codex" / "sessions" / "sessions" / "rollout-1.jsonl"
    log.parent.mkdir(parents=True)
    log.write_bytes((FIXTURES / "codex" / "desktop.jsonl").read_bytes())
    report = world.index()
    assert (report.files_seen, report.files_opened) == (1, 1)
