from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from sessions.ingest.report import Progress
from sessions.models import Session
from sessions.progress import line, progress_line
from sessions.services import remove

KEYS = {
    "files_seen",
    "files_opened",
    "bytes_read",
    "sessions_new",
    "sessions_updated",
    "sessions_unchanged",
    "sessions_missing",
    "events",
    "records_unknown",
    "warnings",
    "seconds",
}


def index(*arguments: str) -> str:
    out = StringIO()
    call_command("index", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_it_works(indexed_home: Path) -> None:
    facts = json.loads(index("--json"))
    assert facts.keys() == KEYS
    assert facts["sessions_new"] == Session.objects.count() >= 2
    assert "0 new and 0 changed sessions" in index()


@pytest.mark.django_db
def test_it_says_what_to_do_on_an_empty_machine() -> None:
    assert "`discover --all` where it looks" in index()


@pytest.mark.django_db
def test_it_restores_a_removed_session(indexed_home: Path) -> None:
    index()
    session = Session.objects.filter(is_auxiliary=False).first()
    assert session is not None
    remove(session=session)
    index("--restore", session.hail_id)
    assert Session.objects.filter(hail_id=session.hail_id).exists()


@pytest.mark.django_db
def test_it_cannot_restore_what_was_not_removed() -> None:
    with pytest.raises(CommandError, match="no session nonsense was removed here"):
        index("--restore", "nonsense")


@pytest.mark.parametrize("command", ["index", "discover"])
def test_it_refuses_outside_the_local_profile(settings: Settings, command: str) -> None:
    settings.OPENSESSION_PROFILE = "server"
    with pytest.raises(CommandError, match="local profile only"):
        call_command(command)


def test_progress_is_silent_without_a_terminal() -> None:
    with progress_line(StringIO()) as show:
        assert show is None


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("patience", "seen"), [(0.0, "Indexing 1 of 2 logs"), (1e9, "")])
def test_progress_is_shown_on_a_terminal_when_it_takes_long(
    monkeypatch: pytest.MonkeyPatch, patience: float, seen: str
) -> None:
    monkeypatch.setattr("sessions.progress.PATIENCE", patience)
    terminal = Terminal()
    with progress_line(terminal) as show:
        assert show is not None
        show(Progress(1, 2, 1, 2))
    assert terminal.getvalue().strip("\r ").partition(",")[0] == seen


def test_progress_is_said_in_one_line() -> None:
    assert line(Progress(3, 10, 5_000_000, 20_000_000)) == "Indexing 3 of 10 logs, 5 MB (25%)"


def test_discover_lists_the_logs(indexed_home: Path) -> None:
    out = StringIO()
    call_command("discover", "--json", stdout=out)
    logs = [json.loads(row) for row in out.getvalue().splitlines()]
    assert {log["tool"] for log in logs} == {"claude-code", "codex"}
    assert all(Path(log["path"]).is_file() for log in logs)


def test_discover_shows_where_it_looks(home: Path) -> None:
    out = StringIO()
    call_command("discover", "--all", stdout=out)
    assert f"{home}/.claude/projects  (not there)" in out.getvalue()
