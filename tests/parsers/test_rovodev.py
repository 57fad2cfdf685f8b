from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from opensession.hail.actions import SystemMessage, UserMessage
from parsers import ParseError, parse
from parsers.discover import logs, tool_of
from tests.golden import FIXTURES

SESSION = "7f1c0b1e-0000-4000-8000-000000000001"


def home(folder: Path) -> Path:
    shutil.copytree(FIXTURES / "rovodev" / "sessions", folder / ".rovodev" / "sessions")
    return folder / ".rovodev" / "sessions" / SESSION


def context(folder: Path, *parts: dict[str, Any]) -> Path:
    path = folder / "session_context.json"
    path.write_text(json.dumps({"message_history": [{"kind": "request", "parts": list(parts)}]}))
    return path


def test_it_reads_the_session_that_a_metadata_file_belongs_to(tmp_path: Path) -> None:
    session = home(tmp_path)
    assert parse(session / "metadata.json").events == parse(session / "session_context.json").events


def test_it_reads_what_is_said_of_a_session_in_which_nothing_was_said(tmp_path: Path) -> None:
    (tmp_path / "metadata.json").write_text('{"title":"New","workspace_path":"/home/dev"}')
    session = parse(tmp_path / "metadata.json")
    assert (session.header.context.title, session.events) == ("New", ())


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("<system_reminder>\nBe brief.\n</system_reminder>", SystemMessage),
        ("You have used 3 iterations.", SystemMessage),
        ("You have used 3 iterations. Why?", UserMessage),
    ],
)
def test_it_tells_the_user_from_the_agent_speaking_for_them(tmp_path: Path, words: str, kind: type) -> None:
    session = parse(context(tmp_path, {"part_kind": "user-prompt", "content": words}), "rovodev")
    assert [type(event.action) for event in session.events] == [kind]


def test_it_says_so_when_the_document_is_half_written(tmp_path: Path) -> None:
    path = tmp_path / "session_context.json"
    path.write_text('{"message_history":[{"kind":"request","par')
    with pytest.raises(ParseError, match="is no JSON"):
        parse(path, "rovodev")


def test_a_change_of_the_metadata_is_one_of_the_session(tmp_path: Path) -> None:
    session = home(tmp_path)
    found = [log.path for log in logs(tmp_path, {}, []) if log.tool == "rovodev"]
    owner = tool_of(str(session / "metadata.json"), tmp_path, {})
    assert owner
    assert owner.log == str(session / "session_context.json") == found[0]
