from __future__ import annotations

from pathlib import Path

from tests.golden import FIXTURES
from tests.parsers.databases import made, marks, read, run

LINES = FIXTURES / "goose" / "20250601_101500.jsonl"


def test_it_counts_each_line_once() -> None:
    out = read("goose", LINES)
    assert out.kinds == {"metadata": 1, "message:user": 4, "message:assistant": 4, "bad line": 1, "no role": 1}
    assert out.skipped == {"bad line": 1, "no role": 1, "block:hologram": 1}
    assert out.ignored == {"metadata": 1, "hidden message": 1}


def test_it_leaves_out_hidden_and_empty_sessions(tmp_path: Path) -> None:
    assert list(marks("goose", made("goose", "sessions.db", tmp_path))) == ["20260301_1", "20260301_2"]


def test_it_marks_only_the_session_that_went_on(tmp_path: Path) -> None:
    path = made("goose", "sessions.db", tmp_path)
    before = marks("goose", path)
    run(
        path, "INSERT INTO messages(session_id, role, content_json, created_timestamp) VALUES('20260301_2','user','',1)"
    )
    after = marks("goose", path)
    assert [session for session in after if after[session] != before[session]] == ["20260301_2"]


def test_it_marks_a_conversation_that_was_replaced(tmp_path: Path) -> None:
    path = made("goose", "sessions.db", tmp_path)
    before = marks("goose", path)
    run(path, "UPDATE messages SET id = id + 100 WHERE session_id = '20260301_2'")
    assert marks("goose", path)["20260301_2"] != before["20260301_2"]


def test_it_reads_the_first_schema(tmp_path: Path) -> None:
    path = made("goose", "sessions.db", tmp_path)
    run(path, "DROP TABLE usage_ledger")
    for column in ("message_id", "metadata_json"):
        run(path, f"ALTER TABLE messages DROP COLUMN {column}")
    run(path, "ALTER TABLE sessions DROP COLUMN parent_session_id")
    out = read("goose", path, "20260301_1")
    assert [event.event_id for event in out.events][:2] == ["goose-1", "goose-2"]
    assert out.events[-1].attributes["input_tokens_total"] == 10
