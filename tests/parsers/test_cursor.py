from __future__ import annotations

import json
from pathlib import Path

import pytest

from parsers import ParseError, parse, sessions
from parsers.cursor.messages import time_of
from parsers.discover import logs, tool_of
from tests.golden import GOLDEN, laid_out
from tests.parsers.databases import made, marks, read, run
from tests.parsers.logs import write

STATE = "User/globalStorage/state.vscdb"
FIRST, SECOND = "c1a11d00-0000-4000-8000-000000000001", "c1a11d00-0000-4000-8000-000000000002"
CHAT = ".cursor/chats/3f0c2a/c1a11d00-0000-4000-8000-00000000000a/store.db"
TRANSCRIPT = "7a5c0000-0000-4000-8000-000000000001"
TRANSCRIPTS = ".cursor/projects/code-shop/agent-transcripts"


def test_it_counts_each_bubble_once(tmp_path: Path) -> None:
    out = read("cursor", made("cursor", STATE, tmp_path), FIRST)
    assert out.kinds == {
        "bubble:user": 1,
        "bubble:agent": 10,
        "bubble:type 7": 1,
        "bubble:no type": 2,
        "bubble:undone": 1,
    }
    assert out.skipped == {"bubble:type 7": 1, "bubble:no type": 1}
    assert out.ignored == {"bubble:empty": 1, "bubble:undone": 1}


def test_it_counts_each_message_of_a_chat(tmp_path: Path) -> None:
    out = read("cursor", made("cursor", CHAT, tmp_path))
    assert (out.records, out.skipped, out.ignored) == (9, {"narrator": 1}, {"system": 1})


def test_it_counts_each_line_of_a_transcript(tmp_path: Path) -> None:
    path = made("cursor", f"{TRANSCRIPTS}/{TRANSCRIPT}/{TRANSCRIPT}.jsonl", tmp_path)
    out = read("cursor", path)
    assert out.records == 13
    assert out.skipped == {"block:hologram": 1, "hologram": 1, "narrator": 1, "bad line": 1}
    assert out.ignored == {"assistant": 1, "turn_ended": 1}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cursorDiskKV SET value = value || ' ' WHERE key = 'composerData:{}'",
        "INSERT INTO cursorDiskKV VALUES ('bubbleId:{}:new', '{{}}')",
        "REPLACE INTO cursorDiskKV VALUES ('bubbleId:{}:s1', '{{}}')",
        "DELETE FROM cursorDiskKV WHERE key = 'bubbleId:{}:s2'",
    ],
)
def test_it_marks_a_conversation_that_changed(statement: str, tmp_path: Path) -> None:
    path = made("cursor", STATE, tmp_path)
    before = marks("cursor", path)
    run(path, statement.format(SECOND))
    assert [native for native, mark in marks("cursor", path).items() if mark != before[native]] == [SECOND]


def test_it_marks_the_newest_bubble_when_it_is_written_anew(tmp_path: Path) -> None:
    """It gets its old row number back, so only its content tells."""
    path = made("cursor", STATE, tmp_path)
    statement = f"REPLACE INTO cursorDiskKV VALUES ('bubbleId:{SECOND}:s3', ?)"
    run(path, statement, '{"type": 2, "text": "Th"}')
    before = marks("cursor", path)
    run(path, statement, '{"type": 2, "text": "There"}')
    assert marks("cursor", path)[SECOND] != before[SECOND]


def test_it_follows_no_workspace_out_of_its_folder(tmp_path: Path) -> None:
    path = made("cursor", STATE, tmp_path)
    secret = tmp_path / "cursor" / "workspace.json"
    secret.write_text('{"folder": "file:///secret"}')
    composer = {"workspaceIdentifier": {"id": "../.."}, "fullConversationHeadersOnly": [{"bubbleId": "s1"}]}
    run(path, f"UPDATE cursorDiskKV SET value = ? WHERE key = 'composerData:{SECOND}'", json.dumps(composer))
    run(path, "DELETE FROM ItemTable")
    (session,) = sessions(path, "cursor", SECOND)
    assert "cwd" not in session.header.context.attributes


def test_it_reads_the_other_conversations_beside_a_broken_one(tmp_path: Path) -> None:
    path = made("cursor", STATE, tmp_path)
    run(path, f"UPDATE cursorDiskKV SET value = x'ff00' WHERE key = 'composerData:{FIRST}'")
    assert [len(session.events) > 0 for session in sessions(path, "cursor")] == [True, True, True]


def test_it_says_which_conversation_is_gone(tmp_path: Path) -> None:
    path = made("cursor", STATE, tmp_path)
    with pytest.raises(ParseError, match="no conversation nobody"):
        read("cursor", path, "nobody")


def test_it_follows_a_list_of_messages_once(tmp_path: Path) -> None:
    path = made("cursor", CHAT, tmp_path)
    run(path, "UPDATE blobs SET data = (SELECT data || data FROM blobs WHERE substr(data, 1, 1) <> '{' LIMIT 1)")
    assert read("cursor", path).records == 0


def test_it_finds_the_session_of_a_subagent(tmp_path: Path) -> None:
    folder = laid_out("cursor", tmp_path) / TRANSCRIPTS / TRANSCRIPT
    (subagent,) = (folder / "subagents").iterdir()
    session = parse(subagent)
    assert (session.header.session_id, session.stats.task_count) == (TRANSCRIPT, 1)
    (folder / f"{TRANSCRIPT}.jsonl").unlink()
    alone = parse(subagent)
    assert (alone.header.session_id, len(alone.events)) == (subagent.stem, 2)
    assert alone.header.context.attributes["session_role"] == "auxiliary"


def test_it_finds_its_logs_and_what_belongs_to_them(tmp_path: Path) -> None:
    home = laid_out("cursor", tmp_path)
    (home / "User").rename(home / "Cursor")
    (home / ".config" / "Cursor").mkdir(parents=True)
    (home / "Cursor").rename(home / ".config" / "Cursor" / "User")
    found = [log.path for log in logs(home, {}, []) if log.tool == "cursor" and not log.path.endswith(GOLDEN)]
    assert len(found) == 5
    for beside in ("subagents/7a5c0000-0000-4000-8000-000000000002.jsonl", f"{TRANSCRIPT}.jsonl"):
        owner = tool_of(str(home / TRANSCRIPTS / TRANSCRIPT / beside), home, {})
        assert owner is not None
        assert owner.log in found


def test_it_reads_what_was_taken_out_of_a_database(tmp_path: Path) -> None:
    bubbles = {"bubbleId:c:b1": {"type": 1, "text": "hi"}, "bubbleId:c:b2": {"type": 2, "text": "hello"}}
    (tmp_path / "bubbles.json").write_text(json.dumps(bubbles))
    assert len(parse(tmp_path / "bubbles.json").events) == 2
    path = tmp_path / "composer_data.json"
    path.write_text('{"composerId": "c", "fullConversationHeadersOnly": [{"bubbleId": "b2"}]}')
    assert [session.header.session_id for session in sessions(path)] == ["c"]
    assert len(parse(path).events) == 1
    path.write_text('{"composerId": "c", "fullConv')
    with pytest.raises(ParseError, match="is no JSON"):
        parse(path, "cursor")


def test_it_leaves_a_line_that_is_still_being_written(tmp_path: Path) -> None:
    path = write(tmp_path / "live.jsonl", [{"role": "user", "message": {"content": [{"type": "text", "text": "hi"}]}}])
    with path.open("a") as log:
        log.write('{"role": "assistant", "mess')
    assert (read("cursor", path).records, read("cursor", path).skipped) == (1, {})


@pytest.mark.parametrize(
    ("clock", "time"),
    [
        ("Tuesday, Jul 28, 2026, 12:06 PM (UTC+2)", "2026-07-28T10:06:00Z"),
        ("Jul 28, 2026, 12:06 AM (UTC)", "2026-07-28T00:06:00Z"),
        ("Tuesday, Jul 28, 2026, 1:06 PM (UTC-3:30)", "2026-07-28T16:36:00Z"),
        ("Tuesday, Jul 28, 2026, 1:06 PM (UTC+5:30)", "2026-07-28T07:36:00Z"),
        ("Tuesday, Jul 32, 2026, 1:06 PM (UTC)", ""),
        ("Tuesday, Foo 2, 2026, 1:06 PM (UTC)", ""),
        ("Monday, Jan 1, 0001, 1:06 AM (UTC+9)", ""),
        ("Tuesday", ""),
    ],
)
def test_it_reads_the_clock_that_the_model_is_told(clock: str, time: str) -> None:
    assert time_of(clock) == time
