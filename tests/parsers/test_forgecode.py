from __future__ import annotations

from pathlib import Path

from tests.parsers.databases import made, marks, read, run


def test_it_counts_each_message_once(tmp_path: Path) -> None:
    path = made("forgecode", "forge.db", tmp_path)
    out = read("forgecode", path, "f1")
    assert out.kinds == {"message:text": 6, "message:image": 1, "message:tool": 5, "message:unknown": 1}
    assert (out.skipped, out.ignored) == ({"message:unknown": 1}, {"system prompt": 1})
    assert read("forgecode", path, "f3").skipped == {"broken context": 1}


def test_it_leaves_out_conversations_without_words_and_marks_those_that_went_on(tmp_path: Path) -> None:
    path = made("forgecode", "forge.db", tmp_path)
    before = marks("forgecode", path)
    assert list(before) == ["f1", "f2", "f3"]
    run(path, "UPDATE conversations SET updated_at = '2026-03-01 09:06:00' WHERE conversation_id = 'f2'")
    assert [each for each, mark in marks("forgecode", path).items() if mark != before[each]] == ["f2"]
