"""ATIF, HAIL and Entire's transcripts: what golden files cannot show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opensession.hail import jsonl
from parsers import ParseError, parse, recognise, sessions
from parsers.atif import AtifParser
from parsers.base import Sample
from tests.golden import FIXTURES
from tests.parsers.logs import write

LINES = FIXTURES / "hail" / "lines.jsonl"


def trajectory(*steps: Any, **more: Any) -> dict[str, Any]:
    return {"schema_version": "ATIF-v1.4", "session_id": "t", "agent": {"name": "a"}, "steps": list(steps), **more}


def test_hail_that_is_read_is_hail_that_was_written(tmp_path: Path) -> None:
    for golden in sorted(FIXTURES.rglob("*.hail.jsonl"))[::7]:
        written = golden.read_bytes()
        for text in _texts(written):
            path = tmp_path / "s.hail.jsonl"
            path.write_bytes(text)
            assert jsonl.dumps(parse(path)) == text, golden


def _texts(lines: bytes) -> list[bytes]:
    """Return the sessions of a file that holds several, one after the other."""
    starts = [b'{"type":"header"' + each for each in lines.split(b'{"type":"header"')[1:]]
    return [start for start in starts if start.endswith(b"\n")]


def test_hail_keeps_what_this_version_does_not_know() -> None:
    header = parse(LINES, "hail").header
    assert (header.extra, header.agent.tool) == ({"future": {"kept": True}}, "codex")


def test_a_session_without_an_id_is_called_as_its_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.hail.jsonl"
    path.write_bytes(LINES.read_bytes().replace(b"019cb88a-0000-7000-8000-000000000001", b""))
    assert parse(path).header.session_id == "mine"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version":"hail-1.0.0"', '{"version":"hail-9","agent":{"a":1}}'])
def test_what_is_no_hail_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.json"
    path.write_text(text)
    with pytest.raises(ParseError):
        parse(path, "hail")


def test_hail_of_any_length_is_read_line_by_line(tmp_path: Path) -> None:
    head, first, *_ = LINES.read_bytes().splitlines(keepends=True)
    path = tmp_path / "s.hail.jsonl"
    path.write_bytes(head + first * 200_000)
    assert path.stat().st_size > 20 << 20
    assert sum(len(session.events) for session in sessions(path, "hail")) == 200_000


def test_subagents_inside_of_subagents_are_all_read(tmp_path: Path) -> None:
    inner = trajectory({"step_id": 1, "source": "agent", "message": "inner"}, trajectory_id="in/../ner")
    outer = trajectory({"step_id": 1, "source": "agent", "message": "outer"}, subagent_trajectories=[inner, 3, inner])
    path = tmp_path / "t.json"
    path.write_text(json.dumps(trajectory(subagent_trajectories=[outer])))
    with AtifParser().open(path) as document:
        assert list(document.threads()) == ["", "#subagent-1", "#in/../ner", "#subagent-3"]
    (session,) = sessions(path, "atif")
    assert session.stats.task_count == 3


def test_metrics_of_the_whole_count_only_where_steps_have_none(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    for metrics, expected in (({"prompt_tokens": 3}, 3), ({}, 9)):
        step = {"step_id": 1, "source": "agent", "message": "x", "metrics": metrics}
        path.write_text(json.dumps(trajectory(step, final_metrics={"total_prompt_tokens": 9})))
        assert parse(path, "atif").stats.total_input_tokens == expected


def test_a_copied_step_is_marked_and_its_tokens_are_not_counted_again(tmp_path: Path) -> None:
    step = {"source": "agent", "message": "x", "metrics": {"prompt_tokens": 3}, "is_copied_context": True}
    path = tmp_path / "t.json"
    path.write_text(json.dumps(trajectory(step)))
    session = parse(path)
    assert (session.events[0].attributes["replayed"], session.stats.total_input_tokens) == (True, 0)


def test_transcripts_of_entire_are_told_apart_by_their_first_message(tmp_path: Path) -> None:
    line = {"v": 1, "agent": "codex", "type": "user", "content": [{"id": "u-7", "text": "hi"}]}
    path = write(tmp_path / "0" / "transcript.jsonl", [line])
    assert recognise(Sample(path))[0].tool == "entire-compact"
    assert parse(path).header.session_id == "u-7"
