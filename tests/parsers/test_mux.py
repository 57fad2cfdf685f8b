from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from opensession.hail.actions import AgentMessage, FileEdit
from parsers import ParseError, parse, sessions
from parsers.base import Output
from parsers.discover import logs, tool_of
from parsers.mux import MuxParser
from parsers.mux.folder import found
from tests.golden import FIXTURES
from tests.parsers.logs import write

CHILD = Path("subagent-transcripts") / "5f6a7b8c9d" / "chat.jsonl"


def home(folder: Path) -> Path:
    shutil.copytree(FIXTURES / "mux" / "sessions", folder / ".mux" / "sessions")
    return folder / ".mux" / "sessions" / "0a1b2c3d4e"


def answer(sequence: int, *parts: Any, **told: Any) -> dict[str, Any]:
    metadata = {"historySequence": sequence, "timestamp": 1785578400000, **told}
    said = [{"type": "text", "text": part} if isinstance(part, str) else part for part in parts]
    return {"id": f"a-{sequence}", "role": "assistant", "parts": said, "metadata": metadata, "workspaceId": "w"}


def said(path: Path) -> list[str]:
    events = (event for event in parse(path, "mux").events if isinstance(event.action, AgentMessage))
    return [block.text for event in events for block in event.content.blocks if hasattr(block, "text")]


@pytest.mark.parametrize("name", ["partial.json", "subagent-transcripts.json", "chat-archive.jsonl", CHILD])
def test_it_reads_the_workspace_from_any_of_its_files(tmp_path: Path, name: str) -> None:
    workspace = home(tmp_path)
    assert parse(workspace / name).events == parse(workspace / "chat.jsonl").events


def test_it_reads_a_subagent_without_its_parent(tmp_path: Path) -> None:
    workspace = home(tmp_path)
    (workspace / "chat.jsonl").unlink()
    (only,) = sessions(workspace / CHILD, "mux")
    assert (only.header.session_id, len(only.events)) == ("5f6a7b8c9d", 4)


@pytest.mark.parametrize(
    ("parts", "expected"), [(["b", {"type": "file"}, "c"], ["a", "b", "[file]", "c"]), (["b"], ["a", "bb"])]
)
def test_it_takes_the_longer_of_an_answer_and_its_draft(tmp_path: Path, parts: list[Any], expected: list[str]) -> None:
    path = write(tmp_path / "chat.jsonl", [answer(1, "a"), answer(2, "bb")])
    write(tmp_path / "partial.json", [answer(2, *parts)])
    assert said(path) == expected


def test_it_waits_for_a_draft_that_is_half_written(tmp_path: Path) -> None:
    path = write(tmp_path / "chat.jsonl", [answer(1, "a")])
    (tmp_path / "partial.json").write_text('{"id":"a-2","role":"assis')
    assert said(path) == ["a"]


def test_it_tells_by_the_mark_which_thread_went_on(tmp_path: Path) -> None:
    workspace = home(tmp_path)
    with MuxParser().open(workspace / "chat.jsonl") as open_one:
        before = dict(open_one.threads())
    write(workspace / CHILD, [answer(1, "longer")])
    with MuxParser().open(workspace / "chat.jsonl") as open_one:
        after = dict(open_one.threads())
    assert (after[""], after["#5f6a7b8c9d"] != before["#5f6a7b8c9d"]) == (before[""], True)


def test_it_knows_no_other_subagent(tmp_path: Path) -> None:
    with MuxParser().open(home(tmp_path) / "chat.jsonl") as workspace, pytest.raises(ParseError, match="no subagent"):
        workspace.read("#../../other", Output())


def test_it_does_not_follow_links_to_other_workspaces(tmp_path: Path) -> None:
    workspace = home(tmp_path)
    other = write(tmp_path / "other" / "chat.jsonl", [answer(1, "secret")])
    (workspace / "subagent-transcripts" / "link").symlink_to(other.parent)
    assert list(found(workspace / "chat.jsonl").subagents) == ["5f6a7b8c9d"]


def test_it_reads_calls_that_have_no_id(tmp_path: Path) -> None:
    call = {"type": "dynamic-tool", "toolName": "file_edit_replace_string", "input": {"path": "a"}, "state": "x"}
    session = parse(write(tmp_path / "chat.jsonl", [answer(1, call, call)]), "mux")
    assert [event.action for event in session.events] == [FileEdit(path="a"), FileEdit(path="a")]


def test_a_change_of_any_file_is_one_of_its_workspace(tmp_path: Path) -> None:
    workspace = home(tmp_path)
    (log,) = [log for log in logs(tmp_path, {}, []) if log.tool == "mux"]
    assert log.path == str(workspace / "chat.jsonl")
    for name in ("partial.json", "chat-archive.jsonl", CHILD):
        owner = tool_of(str(workspace / name), tmp_path, {})
        assert owner
        assert owner.log == log.path
