"""iFlow and Qoder: what golden files cannot show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from parsers import parse, recognise
from parsers.base import Sample
from parsers.claude_like import MOST_SHOWN, hunks
from parsers.iflow import IFlowParser
from parsers.strand import open_log, read_whole
from tests.parsers.logs import write


def line(kind: str, content: Any, session: str = "s-1", **more: Any) -> dict[str, Any]:
    message = {"role": kind, "content": content}
    told = {"uuid": "u", "sessionId": session, "timestamp": "2026-01-01T00:00:00Z", "message": message}
    return {"type": kind, **told, **more}


@pytest.mark.parametrize(
    ("folder", "session", "tool"),
    [
        (".iflow", "s-1", "iflow"),
        ("elsewhere", "session-1", "iflow"),
        (".qoder", "s-1", "qoder"),
        ("elsewhere", "s-1", "claude-code"),
    ],
)
def test_it_tells_the_tool_by_its_marks_else_by_the_folder(
    tmp_path: Path, folder: str, session: str, tool: str
) -> None:
    path = write(tmp_path / folder / "s.jsonl", [line("user", "hi", session)])
    assert recognise(Sample(path))[0].tool == tool


def test_it_remembers_no_more_calls_than_it_needs(tmp_path: Path) -> None:
    calls = [{"type": "tool_use", "id": f"c{at}", "name": "ls", "input": {}} for at in range(MOST_SHOWN * 2)]
    path = write(tmp_path / "s.jsonl", [line("assistant", calls), line("assistant", calls[-3:])])
    reader = IFlowParser().reader(path)
    with open_log(path) as log:
        events, out = read_whole(reader, log)
    assert (len(events), len(reader.state.shown)) == (MOST_SHOWN * 2, MOST_SHOWN)
    assert out.ignored == {"assistant": 1}


@pytest.mark.parametrize(
    "content", [{"responseParts": [[]]}, {"responseParts": 3}, {"functionResponse": None}, 7, None]
)
def test_it_reads_results_of_any_shape(tmp_path: Path, content: Any) -> None:
    block = {"type": "tool_result", "tool_use_id": "c", "content": content}
    (result,) = parse(write(tmp_path / "s.jsonl", [line("user", [block, None, 3])]), "iflow").events
    assert result.content.blocks == ()


def test_it_merges_the_subagents_of_qoder(tmp_path: Path) -> None:
    path = write(tmp_path / "s-1.jsonl", [line("user", "hi")])
    write(tmp_path / "s-1" / "subagents" / "scout.jsonl", [line("assistant", "found")])
    write(tmp_path / "s-2" / "subagents" / "other.jsonl", [line("assistant", "not ours")])
    assert [event.task_id for event in parse(path, "qoder").events] == [None, "scout", "scout", "scout"]


@pytest.mark.parametrize(
    ("diff", "expected"),
    [("--- a\n+++ b\n@@ -1 +1 @@\n-a\n+b", "@@ -1 +1 @@\n-a\n+b"), ("@@ -1 +1 @@", "@@ -1 +1 @@"), ("x", ""), ("", "")],
)
def test_it_keeps_the_hunks_of_a_diff(diff: str, expected: str) -> None:
    assert hunks(diff) == expected
