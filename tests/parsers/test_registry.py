from __future__ import annotations

from pathlib import Path

import pytest

from opensession.hail.actions import TaskEnd, TaskStart, UserMessage
from parsers import REGISTRY, ParseError, find, parse, parser_of, recognise
from parsers.base import Sample
from parsers.tool import Tool
from tests.golden import FIXTURES

CLAUDE = FIXTURES / "claude-code"


@pytest.mark.parametrize("tool", REGISTRY, ids=lambda tool: str(tool.id))
def test_it_finds_a_parser_by_name(tool: Tool) -> None:
    assert parser_of(tool.id).tool == tool.id


def test_it_finds_a_parser_by_path() -> None:
    assert find(Path("/home/dev/.claude/projects/-home-dev/x.jsonl")) == "claude-code"
    assert find("/etc/hosts") is None


@pytest.mark.parametrize("head", [b"", b"\n", b"hello", b'{"a":1}'])
def test_it_recognises_nothing_in_other_text(head: bytes, tmp_path: Path) -> None:
    path = tmp_path / "some"
    path.write_bytes(head)
    assert recognise(Sample(path)) == []


def test_it_merges_the_subagents_of_a_session() -> None:
    session = parse(CLAUDE / "7a8b9c0d-1e2f-4a3b-8c4d-5e6f7a8b9c0d.jsonl", "claude-code")
    tasks = [type(event.action) for event in session.events if event.task_id == "a1b2"]
    assert (tasks[0], tasks[-1], session.stats.task_count) == (TaskStart, TaskEnd, 3)


def test_it_reads_a_file_by_its_content_when_the_path_says_nothing() -> None:
    session = parse(CLAUDE / "session-fallback.jsonl")
    assert session.header.agent.tool == "claude-code"


def test_it_gives_an_empty_session_for_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.touch()
    session = parse(path, "claude-code")
    assert (session.header.session_id, session.events) == ("empty", ())


def test_it_leaves_a_line_that_is_still_being_written(tmp_path: Path) -> None:
    path = tmp_path / "live.jsonl"
    line = '{"type":"user","uuid":"u","timestamp":"2026-01-01T00:00:00Z","message":{"role":"user","content":"hi"}}'
    path.write_text(f"{line}\n{line[:40]}")
    assert [event.action for event in parse(path, "claude-code").events] == [UserMessage()]


@pytest.mark.parametrize("tool", ["no-such-tool", None])
def test_it_says_when_there_is_no_parser(tmp_path: Path, tool: str | None) -> None:
    path = tmp_path / "text.txt"
    path.write_text("hello")
    with pytest.raises(ParseError, match="no parser"):
        parse(path, tool)


def test_it_says_when_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="No such file"):
        parse(tmp_path / "gone.jsonl", "claude-code")
