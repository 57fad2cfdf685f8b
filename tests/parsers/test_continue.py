from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from parsers import ParseError, parse
from parsers.discover import logs


def session(folder: Path, *history: dict[str, Any], **more: Any) -> Path:
    path = folder / "0f8b2a6e-1c3d.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"sessionId": "a", "workspaceDirectory": "", "history": history, **more}))
    return path


def test_it_goes_on_until_its_file_was_written(tmp_path: Path) -> None:
    path = session(tmp_path, {"message": {"role": "user", "content": "Hi"}}, dateCreated="1750000000000")
    context = parse(path, "continue").header.context
    assert context.created_at == "2025-06-15T15:06:40Z"
    assert context.updated_at > context.created_at


def test_it_refuses_half_a_session(tmp_path: Path) -> None:
    path = session(tmp_path)
    path.write_text(path.read_text()[:-9])
    with pytest.raises(ParseError, match="no JSON"):
        parse(path, "continue")


def test_it_gives_no_result_to_what_was_not_done(tmp_path: Path) -> None:
    states = [{"toolCallId": status, "status": status} for status in ("calling", "generating", "canceled", "done")]
    made = parse(session(tmp_path, {"message": {"role": "assistant"}, "toolCallStates": states}), "continue")
    assert [event.event_id for event in made.events if event.event_id.endswith("-result")] == ["done-result"]


def test_it_finds_sessions_and_not_their_list(tmp_path: Path) -> None:
    folder = tmp_path / ".continue" / "sessions"
    path = session(folder)
    (folder / "sessions.json").write_text("[]")
    assert [log.path for log in logs(tmp_path, {}, []) if log.tool == "continue"] == [str(path)]
