from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from parsers import parse, recognise
from parsers.base import Sample
from parsers.discover import logs, tool_of
from parsers.kiro.cli import active
from tests.golden import FIXTURES
from tests.parsers.databases import made, marks, read, run

KIRO = FIXTURES / "kiro"
LOG = KIRO / "cli" / "6f1c2d3e-0000-4000-8000-000000000001.jsonl"
FOLDER = KIRO / "0a1b2c3d4e5f6071" / "sess_1"
ABOUT = {
    "session_id": "native",
    "cwd": "/home/dev/shop",
    "title": "Repair the cart",
    "created_at": "2026-01-10T08:59:00Z",
    "updated_at": "2026-01-10T09:05:00Z",
    "parent_session_id": "parent",
    "session_state": {
        "rts_model_state": {"model_info": {"model_id": "auto"}},
        "conversation_metadata": {
            "user_turn_metadatas": [
                {
                    "message_ids": ["p1", "a1", "a3"],
                    "end_timestamp": 1768035660,
                    "input_token_count": 90,
                    "output_token_count": 8,
                }
            ]
        },
    },
}


def home(folder: Path) -> Path:
    place = folder / ".kiro" / "sessions" / "cli"
    place.mkdir(parents=True)
    shutil.copy(LOG, place)
    (place / LOG.name).with_suffix(".json").write_text(json.dumps(ABOUT))
    return place / LOG.name


def test_it_counts_each_message_once(tmp_path: Path) -> None:
    out = read("kiro", LOG)
    assert out.records == len(LOG.read_bytes().splitlines())
    assert out.skipped == {"bad line": 1, "Hologram": 1}
    assert out.ignored == {"Prompt": 2, "AssistantMessage": 1, "ResetTo": 1, "CancelledPrompt": 1}
    assert read("kiro", FOLDER / "messages.jsonl").skipped == {"bad line": 1, "hologram": 1}
    out = read("kiro", made("kiro", "data.sqlite3", tmp_path), "c-1")
    assert out.skipped == {"user:unknown": 1, "assistant:unknown": 1, "no pair": 1}
    assert read("kiro", tmp_path / "kiro" / "data.sqlite3", "/home/dev/broken").skipped == {"broken conversation": 1}


def test_it_knows_what_the_document_beside_a_log_tells(tmp_path: Path) -> None:
    log = home(tmp_path)
    session = parse(log)
    context = session.header.context
    assert (session.header.session_id, context.title, context.created_at) == (
        "native",
        "Repair the cart",
        "2026-01-10T08:59:00Z",
    )
    assert context.attributes["parent_session_id"] == "parent"
    (last,) = [event for event in session.events if event.event_id == "a3"]
    assert (last.timestamp, last.attributes["input_tokens"]) == ("2026-01-10T09:01:00Z", 90)
    assert [each.tool for each in recognise(Sample(log.with_suffix(".json")))] == ["kiro"]
    assert parse(log.with_suffix(".json"), "kiro").events == session.events


def test_discovery_counts_what_lies_beside_a_log(tmp_path: Path) -> None:
    log = home(tmp_path)
    folder = tmp_path / ".kiro" / "sessions" / "0a1b2c3d4e5f6071" / "sess_1"
    shutil.copytree(FOLDER, folder)
    editor = tmp_path / ".config" / "Kiro" / "User" / "globalStorage" / "kiro.kiroagent"
    shutil.copytree(KIRO / "workspace-sessions", editor / "workspace-sessions")
    found = {Path(each.path).name: each.size for each in logs(tmp_path, {}, []) if each.tool == "kiro"}
    assert found.keys() == {log.name, "messages.jsonl", "e-1.json"}
    assert found[log.name] == sum(path.stat().st_size for path in log.parent.iterdir())
    for beside, owner in ((log.with_suffix(".json"), log), (folder / "session.json", folder / "messages.jsonl")):
        told = tool_of(str(beside), tmp_path, {})
        assert told
        assert told.log == str(owner)


def test_it_reads_a_folder_by_what_tells_of_it() -> None:
    assert parse(FOLDER / "session.json").events == parse(FOLDER / "messages.jsonl", "kiro").events


def test_it_reads_the_latest_of_a_conversation_that_went_on_elsewhere(tmp_path: Path) -> None:
    path = made("kiro", "data.sqlite3", tmp_path)
    before = marks("kiro", path)
    assert list(before) == ["c-1", "c-2", "c-0", "/home/dev/broken"]
    run(path, "UPDATE conversations_v2 SET updated_at = 1768035670000 WHERE key = '/home/dev/elsewhere'")
    assert [each for each, mark in marks("kiro", path).items() if mark != before[each]] == ["c-1"]
    assert read("kiro", path, "c-1").events == []


def test_no_event_holds_a_key_of_the_database(tmp_path: Path) -> None:
    path = made("kiro", "data.sqlite3", tmp_path)
    assert "hidden" not in repr([read("kiro", path, session) for session in marks("kiro", path)])


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["Prompt", "AssistantMessage", "Prompt", ("ResetTo", 2)], {0, 1, 3}),
        (["Prompt", "CancelledPrompt"], {1}),
        (["Prompt", "AssistantMessage", "CancelledPrompt"], {0, 1, 2}),
        (["CancelledPrompt", ("ResetTo", 99), ("ResetTo", -1)], {2}),
    ],
)
def test_it_leaves_out_what_was_taken_back(kinds: list[str | tuple[str, int]], expected: set[int]) -> None:
    named = [(kind, 0) if isinstance(kind, str) else kind for kind in kinds]
    assert active([{"kind": kind, "data": {"target_index": target}} for kind, target in named]) == expected
