from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty

import pytest

from sessions.daemon.watcher import Changes, Watcher

PATIENCE = 10.0
PROJECT = ".claude/projects/-code-shop"


@pytest.fixture
def changes() -> Changes:
    return Changes()


@pytest.fixture
def watcher(home: Path, changes: Changes) -> Iterator[Watcher]:
    watcher = Watcher(home, {}, changes)
    yield watcher
    watcher.stop()


def wait_for(changes: Changes, wanted: str | None) -> list[str | None]:
    """Return all that came until `wanted`."""
    came: list[str | None] = []
    until = time.monotonic() + PATIENCE
    while not came or came[-1] != wanted:
        try:
            came.append(changes.get(timeout=max(0.0, until - time.monotonic())))
        except Empty:
            pytest.fail(f"{wanted} did not come, only {came}")
    return came


def everything(changes: Changes, home: Path) -> list[str | None]:
    """Return all that came so far: events come in order, so one that is made now is the last."""
    last = home / PROJECT / "last.jsonl"
    last.touch()
    return wait_for(changes, str(last))[:-1]


def log(home: Path, name: str = "one.jsonl") -> Path:
    path = home / PROJECT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_it_works(home: Path, watcher: Watcher, changes: Changes) -> None:
    path = log(home)
    path.touch()
    watcher.refresh()
    with path.open("a") as file:
        file.write("{}\n")
    wait_for(changes, str(path))


def test_it_sees_the_file_that_a_variable_names(home: Path, changes: Changes) -> None:
    path = home / "moved" / "agent.db"
    path.parent.mkdir()
    path.touch()
    watcher = Watcher(home, {"OPENCODE_DB": str(path)}, changes)
    try:
        watcher.refresh()
        path.with_name("agent.db-wal").touch()
        wait_for(changes, str(path))
    finally:
        watcher.stop()


def test_it_sees_new_project_folders(home: Path, watcher: Watcher, changes: Changes) -> None:
    log(home)
    watcher.refresh()
    path = home / ".claude/projects/-work-new/deep/subagents/agent-1.jsonl"
    path.parent.mkdir(parents=True)
    path.touch()
    wait_for(changes, str(path))


def test_it_reads_the_name_that_a_replaced_file_gets(home: Path, watcher: Watcher, changes: Changes) -> None:
    path = log(home)
    path.touch()
    watcher.refresh()
    draft = path.with_suffix(".tmp")
    draft.touch()
    draft.rename(path)
    assert wait_for(changes, str(path)) == [str(path)]


def test_it_sees_removed_files(home: Path, watcher: Watcher, changes: Changes) -> None:
    path = log(home)
    path.touch()
    watcher.refresh()
    path.unlink()
    wait_for(changes, str(path))


def test_it_passes_over_files_that_are_no_logs(home: Path, watcher: Watcher, changes: Changes) -> None:
    log(home)
    watcher.refresh()
    for name in ("notes.md", "one.json", "one.jsonl.tmp"):
        log(home, name).touch()
    assert everything(changes, home) == []


def test_it_is_not_told_of_its_own_reading(home: Path, watcher: Watcher, changes: Changes) -> None:
    path = log(home)
    path.touch()
    watcher.refresh()
    path.read_bytes()
    assert everything(changes, home) == []


def test_it_asks_to_look_around_when_folders_go(home: Path, watcher: Watcher, changes: Changes) -> None:
    log(home)
    watcher.refresh()
    (home / PROJECT).rename(home / "elsewhere")
    wait_for(changes, None)


def test_it_notices_an_agent_that_is_installed_later(home: Path, watcher: Watcher, changes: Changes) -> None:
    watcher.refresh()
    for folder in (home / ".claude", home / ".claude/projects"):
        folder.mkdir()
        wait_for(changes, None)
        watcher.refresh()
    path = log(home)
    path.touch()
    wait_for(changes, str(path))


def test_it_does_not_care_for_other_folders(home: Path, watcher: Watcher, changes: Changes) -> None:
    watcher.refresh()
    (home / "music").mkdir()
    (home / ".claude").mkdir()
    assert wait_for(changes, None) == [None]
    assert changes.empty()


def test_it_watches_a_folder_that_was_made_again(home: Path, watcher: Watcher, changes: Changes) -> None:
    log(home)
    watcher.refresh()
    (home / ".claude").rename(home / ".claude.old")
    path = log(home)
    watcher.refresh()
    path.touch()
    wait_for(changes, str(path))


def test_it_watches_a_folder_that_was_removed_and_made_again_at_once(
    home: Path, watcher: Watcher, changes: Changes
) -> None:
    root = home / ".codex/sessions"
    root.mkdir(parents=True)
    watcher.refresh()
    root.rmdir()
    root.mkdir()
    wait_for(changes, None)
    watcher.refresh()
    path = root / "rollout-1.jsonl"
    path.touch()
    wait_for(changes, str(path))


def test_it_follows_a_root_that_is_a_link_and_keeps_its_name(home: Path, watcher: Watcher, changes: Changes) -> None:
    real = home / "dotfiles/projects/-code-shop"
    real.mkdir(parents=True)
    (home / ".claude").mkdir()
    (home / ".claude/projects").symlink_to(home / "dotfiles/projects")
    watcher.refresh()
    (real / "one.jsonl").touch()
    wait_for(changes, str(home / PROJECT / "one.jsonl"))


def test_it_leaves_running_watches_alone_when_nothing_is_new(home: Path, watcher: Watcher) -> None:
    log(home)
    watcher.refresh()
    before = watcher._observer
    watcher.refresh()
    assert watcher._observer is before


def test_it_goes_on_without_watches_when_the_system_has_none_left(
    home: Path, watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    log(home)
    with no_more_files():
        watcher.refresh()
    assert "rescans will find" in caplog.text
    watcher.refresh()
    assert caplog.text.count("Cannot watch") == 1


@contextmanager
def no_more_files() -> Iterator[None]:
    """Let this process open no more files."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.open(os.devnull, os.O_RDONLY)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
