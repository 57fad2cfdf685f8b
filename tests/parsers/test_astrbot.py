from __future__ import annotations

import json
from pathlib import Path

from opensession.hail.actions import SystemMessage, UserMessage
from parsers.discover import logs
from tests.parsers.databases import made, marks, read, run


def test_it_counts_each_message_once(tmp_path: Path) -> None:
    path = made("astrbot", "data_v4.db", tmp_path)
    out = read("astrbot", path, "a1")
    assert out.records == 18
    assert out.skipped == {"message:hologram": 1, "message:no role": 1}
    assert out.ignored == {"system prompt": 1, "acknowledged summary": 1, "message:_checkpoint": 2}
    assert read("astrbot", path, "a2").skipped == {"broken content": 1}


def test_it_leaves_out_empty_conversations_and_marks_one_whose_run_was_counted(tmp_path: Path) -> None:
    path = made("astrbot", "data_v4.db", tmp_path)
    before = marks("astrbot", path)
    assert list(before) == ["a1", "a2", "a5"]
    run(path, "UPDATE provider_stats SET conversation_id = 'a5' WHERE conversation_id = 'other'")
    assert [each for each, mark in marks("astrbot", path).items() if mark != before[each]] == ["a5"]


def test_it_reads_the_tables_of_versions_without_statistics_and_copies(tmp_path: Path) -> None:
    path = made("astrbot", "data_v4.db", tmp_path)
    run(path, "DROP TABLE provider_stats")
    run(path, "DROP TABLE platform_message_history")
    assert list(marks("astrbot", path)) == ["a1", "a2", "a5"]
    assert len(read("astrbot", path, "a1").events) == 19


def test_it_finds_the_database_where_the_bot_was_installed(tmp_path: Path) -> None:
    path = made("astrbot", "data_v4.db", tmp_path)
    folders = [tmp_path / ".astrbot" / "data", tmp_path / "projects" / "bot" / "data"]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "data_v4.db").write_bytes(path.read_bytes())
    found = [log.path for log in logs(tmp_path, {}, []) if log.tool == "astrbot"]
    assert found == [str(folder / "data_v4.db") for folder in folders]


def test_it_reads_words_that_begin_what_they_never_end(tmp_path: Path) -> None:
    path = made("astrbot", "data_v4.db", tmp_path)
    words = "<system_reminder>a</system_reminder>" + "<system_reminder>" * 100_000
    run(path, "UPDATE conversations SET content = ?", json.dumps([{"role": "user", "content": words}]))
    typed, injected, *_ = read("astrbot", path, "a5").events
    assert [type(typed.action), type(injected.action)] == [UserMessage, SystemMessage]
