from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from parsers import ParseError, parse
from parsers.discover import logs, tool_of
from tests.golden import FIXTURES
from tests.parsers.logs import write

SESSION = "session_20260704_190500_11111111"


def home(folder: Path) -> Path:
    shutil.copytree(FIXTURES / "mistral-vibe" / "logs", folder / ".vibe" / "logs")
    return folder / ".vibe" / "logs" / "session" / SESSION


def test_it_reads_the_session_that_a_meta_file_belongs_to(tmp_path: Path) -> None:
    session = home(tmp_path)
    assert parse(session / "meta.json").events == parse(session / "messages.jsonl").events


def test_it_reads_messages_without_anything_said_of_them(tmp_path: Path) -> None:
    path = write(tmp_path / "session_1" / "messages.jsonl", [{"role": "user", "content": "Hi", "message_id": "m"}])
    session = parse(path)
    assert (session.header.session_id, session.events[0].attributes["timestamp.estimated"]) == ("session_1", True)


def test_it_says_when_there_is_no_session(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="No such file"):
        parse(tmp_path / "meta.json", "mistral-vibe")


def test_it_spreads_no_times_before_the_start(tmp_path: Path) -> None:
    path = write(tmp_path / "messages.jsonl", [{"role": "user", "content": word} for word in "abc"])
    (tmp_path / "meta.json").write_text('{"start_time":"2026-01-02T00:00:00Z","end_time":"2026-01-01T00:00:00Z"}')
    assert {event.timestamp for event in parse(path, "mistral-vibe").events} == {"2026-01-02T00:00:00Z"}


def test_it_finds_subagents_and_old_documents_too(tmp_path: Path) -> None:
    session = home(tmp_path)
    found = [log for log in logs(tmp_path, {}, []) if log.tool == "mistral-vibe"]
    assert [Path(log.path).name for log in found if "hail" not in log.path] == [
        "messages.jsonl",
        "messages.jsonl",
        "session_20251210_203409_old.json",
    ]
    owner = tool_of(str(session / "meta.json"), tmp_path, {})
    assert owner
    assert owner.log == str(session / "messages.jsonl")
