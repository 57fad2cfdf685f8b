"""The sample sessions that `up` shows where no agent has worked yet."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from opensession.hail.model import Session
from parsers import discover, parse
from parsers.discover import Unreadable
from sessions.ingest.run import Settings, index
from tests.base import SAMPLES


def sample(tool: str) -> Session:
    logs = [
        Path(log.path) for log in discover.logs(SAMPLES, {}, []) if log.tool == tool and "subagents" not in log.path
    ]
    assert len(logs) == 1
    return parse(logs[0])


def test_it_has_sessions_of_the_agents_that_most_people_use() -> None:
    unreadable: list[Unreadable] = []
    assert {log.tool for log in discover.logs(SAMPLES, {}, unreadable)} == {"claude-code", "codex"}
    assert unreadable == []


def test_it_shows_what_a_page_can_show() -> None:
    shown = {type(event.action).__name__ for tool in ("claude-code", "codex") for event in sample(tool).events}
    wanted = (
        "UserMessage AgentMessage Thinking ToolCall ToolResult FileRead FileEdit FileCreate CodeSearch ShellCommand"
    )
    assert shown >= {*wanted.split(), "TaskStart", "TaskEnd"}


def test_it_has_a_subagent_in_its_session() -> None:
    assert {event.task_id for event in sample("claude-code").events} == {None, "a7d3f20"}


@pytest.mark.django_db
def test_it_is_understood_without_a_rest(data_dir: Path) -> None:
    report = index(Settings(home=SAMPLES, env={}, data_dir=data_dir)).as_json()
    assert (report["sessions_new"], report["records_unknown"], report["warnings"]) == (2, 0, [])


def test_it_names_no_place_of_a_real_machine() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in SAMPLES.rglob("*.json*"))
    assert "/code/reading-room" in text
    assert [word for word in ("/home/", "/Users/", "/root/", os.path.expanduser("~")) if word in text] == []
