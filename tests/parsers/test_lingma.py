from __future__ import annotations

from pathlib import Path

from tests.parsers.databases import made, marks, read, run


def test_it_counts_each_row_once(tmp_path: Path) -> None:
    out = read("lingma", made("lingma", "local.db", tmp_path), "l1")
    assert (out.kinds, out.skipped, out.ignored) == ({"chat_record": 3}, {}, {"empty chat_record": 1})


def test_it_marks_a_session_whose_answer_came(tmp_path: Path) -> None:
    path = made("lingma", "local.db", tmp_path)
    before = marks("lingma", path)
    run(path, "UPDATE chat_record SET summary = 'Yes.' WHERE request_id = 'r2'")
    assert [native for native, mark in marks("lingma", path).items() if mark != before[native]] == ["l1"]
