from __future__ import annotations

from pathlib import Path

from parsers import parse
from tests.parsers.databases import made, marks, read, run


def field(number: int, *values: bytes | str) -> bytes:
    data = b"".join(value.encode() if isinstance(value, str) else value for value in values)
    assert len(data) < 128
    return bytes((number << 3 | 2, len(data))) + data


def task(name: str, parent: str, called: str) -> bytes:
    """Return a task that says its name and calls another one as its subagent."""
    inner = field(1, called)
    subagent = bytes((19 << 3 & 127 | 130, 1, len(inner))) + inner
    said = field(5, field(1, f"say-{name}"), field(3, field(1, name)))
    call = field(5, field(1, f"call-{name}"), field(4, field(1, f"c-{name}"), subagent))
    return field(1, name) + (field(3, field(1, parent)) if parent else b"") + said + call


def test_it_counts_each_message_once(tmp_path: Path) -> None:
    out = read("warp", made("warp", "warp.sqlite", tmp_path), "w1")
    assert out.skipped == {"message:unknown": 1, "tool_call:broken": 1}
    assert out.ignored == {
        "ai_query": 1,
        "message:model_used": 1,
        "message:tool_call": 1,
        "message:tool_call_result": 1,
        "message:server_event": 1,
    }


def test_it_bounds_how_deep_subagents_call_each_other(tmp_path: Path) -> None:
    path = made("warp", "warp.sqlite", tmp_path)
    run(path, "DELETE FROM agent_tasks")
    names = [f"t{number}" for number in range(800)]
    for name, parent, called in zip(names, ["", *names], [*names[1:], "t0"], strict=False):
        run(path, "INSERT INTO agent_tasks VALUES (NULL, 'w1', ?, ?, '')", name, task(name, parent, called))
    out = read("warp", path, "w1")
    assert sum(event.event_id.startswith("say-") for event in out.events) == 800


def test_it_reads_the_rest_of_a_broken_task(tmp_path: Path) -> None:
    path = made("warp", "warp.sqlite", tmp_path)
    run(path, "UPDATE agent_tasks SET task = substr(task, 1, length(task) - 3) WHERE task_id = 'root'")
    assert read("warp", path, "w1").skipped["broken task"] == 1
    assert len(parse(path, "warp").events) > 0


def test_it_marks_a_conversation_that_went_on(tmp_path: Path) -> None:
    path = made("warp", "warp.sqlite", tmp_path)
    before = marks("warp", path)
    run(path, "UPDATE agent_tasks SET last_modified_at = '2026-03-05' WHERE task_id = 'sub'")
    assert [native for native, mark in marks("warp", path).items() if mark != before[native]] == ["w1"]
