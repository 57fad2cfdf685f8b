from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from parsers import ParseError, parse, recognise, sessions
from parsers.base import Sample
from parsers.discover import logs
from parsers.omnigent.items import kind_of
from tests.parsers.databases import made, marks, read, run

NEW = "10000000000040008000000000000001"
CHILD = "10000000000040008000000000000002"


def test_subagents_follow_their_session_and_the_empty_are_left_out(tmp_path: Path) -> None:
    assert list(marks("omnigent", made("omnigent", "old/chat.db", tmp_path))) == [
        "conv_1",
        "conv_1#conv_2",
        "conv_4",
        "conv_5",
    ]


def test_ids_of_bytes_are_told_as_text(tmp_path: Path) -> None:
    assert list(marks("omnigent", made("omnigent", "new/chat.db", tmp_path))) == [NEW, f"{NEW}#{CHILD}"]


def test_a_subagent_is_kept_where_its_session_says_nothing(tmp_path: Path) -> None:
    path = made("omnigent", "old/chat.db", tmp_path)
    run(path, "DELETE FROM conversation_items WHERE conversation_id = 'conv_1'")
    assert list(marks("omnigent", path))[:2] == ["conv_1", "conv_1#conv_2"]
    assert sum(event.task_id == "conv_2" for event in next(iter(sessions(path))).events) == 4


def test_a_new_item_and_new_tokens_change_the_mark_of_their_thread_alone(tmp_path: Path) -> None:
    path = made("omnigent", "old/chat.db", tmp_path)
    before = marks("omnigent", path)
    run(path, "INSERT INTO conversation_items VALUES ('x', 'conv_2', 'r', 1, 'completed', 2, 'message', '{}', '')")
    run(path, "UPDATE conversations SET session_usage = '{}' WHERE id = 'conv_4'")
    after = marks("omnigent", path)
    assert {locator for locator in after if after[locator] != before[locator]} == {"conv_1#conv_2", "conv_4"}


def test_it_counts_each_item_once_and_what_it_cannot_read(tmp_path: Path) -> None:
    out = read("omnigent", made("omnigent", "new/chat.db", tmp_path), NEW)
    assert out.records == 7
    assert out.skipped == {"encrypted item": 1, "broken message": 1, "type 12": 1}


def test_older_overrides_have_a_table_of_their_own(tmp_path: Path) -> None:
    path = made("omnigent", "new/chat.db", tmp_path)
    run(path, "UPDATE omnigent_conversation_metadata SET session_usage = NULL")
    run(path, "CREATE TABLE agent_configuration (conversation_id BLOB, model_override VARCHAR)")
    run(path, "INSERT INTO agent_configuration VALUES (?, 'kimi-k2.5')", bytes.fromhex(NEW))
    assert parse(path, "omnigent").header.agent.model == "kimi-k2.5"


@pytest.mark.parametrize("locator", ["conv_9", "conv_2", "conv_4#conv_2", "conv_1#", "../conv_1"])
def test_it_knows_no_other_conversation(locator: str, tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="no conversation"):
        read("omnigent", made("omnigent", "old/chat.db", tmp_path), locator)


def test_it_finds_its_database(tmp_path: Path) -> None:
    path = made("omnigent", "old/chat.db", tmp_path / "made")
    home = tmp_path / ".omnigent" / "chat.db"
    home.parent.mkdir()
    path.rename(home)
    assert [log.path for log in logs(tmp_path, {}, []) if log.tool == "omnigent"] == [str(home)]


@pytest.mark.parametrize(
    "other",
    [
        {"role": "user", "content": "hi"},
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {"role": "user", "content": [{"type": "input_text", "text": "hi"}], "uuid": "1"},
        {"summary": "a text"},
        {"kind": "input"},
        {"kind": "input", "input": "ls", "cwd": "/"},
        {"source": "elsewhere", "code": "x", "message": "y"},
        {"name": "ls", "arguments": "{}"},
    ],
)
def test_what_only_resembles_an_item_is_none(other: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(other))
    assert kind_of(other) == ""
    assert not [found for found in recognise(Sample(tmp_path / "a.json")) if found.tool == "omnigent"]


def test_an_item_of_the_api_is_one_too() -> None:
    item = {"id": "i", "type": "message", "status": "completed", "response_id": "r", "created_at": 1}
    assert kind_of(item | {"role": "user", "content": [{"type": "input_text", "text": "hi"}]}) == "message"
