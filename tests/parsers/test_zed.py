from __future__ import annotations

from pathlib import Path

import pytest
import zstandard

from parsers import zed
from tests.parsers.databases import made, marks, read, run


def test_it_counts_each_message_once(tmp_path: Path) -> None:
    out = read("zed", made("zed", "threads.db", tmp_path), "th-1")
    assert out.kinds == {
        "message:User": 2,
        "message:Agent": 1,
        "message:Resume": 1,
        "message:Compaction": 1,
        "message:Hologram": 1,
    }
    assert out.skipped == {"User:Hologram": 1, "Agent:Hologram": 1, "message:Hologram": 1}
    assert out.ignored == {"Resume": 1}


def test_it_reads_the_other_threads_beside_a_broken_one(tmp_path: Path) -> None:
    path = made("zed", "threads.db", tmp_path)
    assert read("zed", path, "th-4").skipped == {"broken thread": 1}
    assert list(marks("zed", path)) == ["th-1", "th-2", "th-3", "th-4"]


def test_it_unpacks_no_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zed, "MAX_DOCUMENT", 1 << 20)
    path = made("zed", "threads.db", tmp_path)
    bomb = zstandard.ZstdCompressor().compress(b'{"messages": [' + b" " * (4 << 20) + b"]}")
    run(path, "UPDATE threads SET data = ? WHERE id = 'th-1'", bomb)
    assert read("zed", path, "th-1").skipped == {"broken thread": 1}


def test_it_marks_a_thread_that_went_on(tmp_path: Path) -> None:
    path = made("zed", "threads.db", tmp_path)
    before = marks("zed", path)
    run(path, "UPDATE threads SET updated_at = '2026-03-01T09:06:00Z' WHERE id = 'th-1'")
    assert [thread for thread, mark in marks("zed", path).items() if mark != before[thread]] == ["th-1"]
