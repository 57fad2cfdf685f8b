from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from msgspec.msgpack import Ext, encode

from parsers import recognise
from parsers.base import Sample
from parsers.deepagents.packed import CLASS, MAX_BYTES, Unreadable, unpacked
from parsers.deepagents.thread import time_of
from parsers.discover import logs
from tests.parsers.databases import made, marks, read, run


def nested(levels: int) -> Ext:
    value: Any = "x"
    for _ in range(levels):
        value = Ext(5, encode(["module", "Class", {"inner": value}, "method"]))
    assert isinstance(value, Ext)
    return value


def test_it_counts_each_message_once(tmp_path: Path) -> None:
    path = made("deepagents", "sessions.db", tmp_path)
    out = read("deepagents", path, "d1")
    assert out.records == 20
    assert out.skipped == {"message:hologram": 1, "write: broken": 1, "write: pickle": 1}
    assert out.ignored == {"system prompt": 1, "message:removed": 1}
    assert read("deepagents", path, "d3").skipped == {"checkpoint: broken": 1}


def test_it_reads_objects_without_building_them() -> None:
    message = Ext(
        5, encode(["os", "system", {"content": "hi", "sent": Ext(3, encode(["d", "t", "2026", "iso"]))}, "m"])
    )
    assert unpacked("msgpack", encode([message])) == [{"content": "hi", "sent": "2026", CLASS: "system"}]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("pickle", pickle.dumps("x")),
        ("msgpack", b"\x91" * 100_000),
        ("msgpack", b"\xdd\xff\xff\xff\xff"),
        ("msgpack", encode(nested(20))),
        ("msgpack", b"\x81\x90\x01"),
        ("msgpack", b"\xa2\xff\xfe"),
        ("msgpack", b"\xc4" + bytes(MAX_BYTES)),
        ("json", b"{"),
        (None, b"x"),
        ("msgpack", 7),
    ],
)
def test_it_refuses_what_is_broken_or_hostile(kind: Any, data: Any) -> None:
    with pytest.raises(Unreadable):
        unpacked(kind, data)


def test_it_tells_the_time_by_the_id_of_a_checkpoint() -> None:
    assert time_of("1f177df2-b6e4-6778-bffe-000000000001") == "2026-07-04T19:33:01.525Z"
    assert time_of("7f177df2-b6e4-4778-bffe-000000000001") == ""
    assert time_of("") == ""


def test_it_marks_a_thread_that_went_on(tmp_path: Path) -> None:
    path = made("deepagents", "sessions.db", tmp_path)
    before = marks("deepagents", path)
    assert list(before) == ["d1", "d2", "d3"]
    statement = "INSERT INTO writes SELECT 'd2', '', checkpoint_id, 't', 0, 'messages', 'json', '[]' FROM checkpoints"
    run(path, f"{statement} WHERE thread_id = 'd2'")
    assert [thread for thread, mark in marks("deepagents", path).items() if mark != before[thread]] == ["d2"]


def test_it_leaves_the_checkpoints_of_other_programs_alone(tmp_path: Path) -> None:
    path = made("deepagents", "sessions.db", tmp_path)
    run(path, """UPDATE checkpoints SET metadata = '{"source":"loop"}'""")
    assert recognise(Sample(path)) == []


def test_it_finds_the_database_of_old_and_new_versions(tmp_path: Path) -> None:
    path = made("deepagents", "sessions.db", tmp_path)
    state = tmp_path / ".deepagents" / ".state"
    state.mkdir(parents=True)
    found = [state / "sessions.db", state.parent / "sessions.db"]
    for each in found:
        each.write_bytes(path.read_bytes())
    assert [log.path for log in logs(tmp_path, {}, []) if log.tool == "deepagents"] == [str(each) for each in found]
    moved = logs(tmp_path / "elsewhere", {"DEEPAGENTS_SESSIONS_DB": str(path)}, [])
    assert [log.path for log in moved if log.tool == "deepagents"] == [str(path)]


def test_it_counts_the_subagents_of_subagents(tmp_path: Path) -> None:
    path = made("deepagents", "sessions.db", tmp_path)
    run(path, "UPDATE checkpoints SET checkpoint_ns = checkpoint_ns || '|tools:x' WHERE checkpoint_ns LIKE 'tools:%'")
    assert read("deepagents", path, "d1").skipped["subagent: nested, or one too many"] == 1
