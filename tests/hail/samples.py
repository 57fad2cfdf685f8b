"""Events and sessions for the tests of HAIL. Every argument is optional."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from opensession.hail.actions import Action, ShellCommand, TaskEnd, TaskStart, ToolResult, UserMessage
from opensession.hail.model import EMPTY, Agent, Content, Context, Event, Header, Session, text

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
NOON = "2026-02-01T12:00:00Z"
AGENT = Agent(provider="anthropic", model="claude-opus-4-6", tool="claude-code")

_numbers = count(1)

HEADER_LINE = (
    b'{"type":"header","version":"hail-1.0.0","session_id":"s1","agent":{"provider":"p","model":"m","tool":"t"},'
    b'"context":{"tags":[],"created_at":"2026-02-01T00:00:00Z","updated_at":"2026-02-01T00:00:00Z"}}\n'
)
EVENT_LINE = (
    b'{"type":"event","event_id":"e1","timestamp":"2026-02-01T00:00:00Z","event_type":{"type":"UserMessage"},'
    b'"content":{"blocks":[{"type":"Text","text":"hi"}]}}\n'
)
STATS_LINE = (
    b'{"type":"stats","event_count":1,"message_count":1,"tool_call_count":0,"task_count":0,"duration_seconds":0,'
    b'"total_input_tokens":0,"total_output_tokens":0,"user_message_count":1,"files_changed":0,"lines_added":0,'
    b'"lines_removed":0}\n'
)
DEMO = (Path(__file__).parent / "demo.hail.jsonl").read_bytes()


def make_event(
    action: Action | None = None, words: str | None = None, content: Content = EMPTY, **fields: Any
) -> Event:
    values = {"event_id": f"test-{next(_numbers)}", "timestamp": NOON} | fields
    return Event(action=action or UserMessage(), content=content if words is None else text(words), **values)


def make_context(**fields: Any) -> Context:
    return Context(**{"created_at": NOON, "updated_at": NOON} | fields)


def make_session(events: Sequence[Event] = (), agent: Agent = AGENT, session_id: str = "s1", **fields: Any) -> Session:
    header = Header(session_id=session_id, agent=agent, context=make_context(**fields))
    return Session(header=header, events=tuple(events))


def shell(code: int | None, task: str | None = None) -> Event:
    return make_event(ShellCommand(command="make", exit_code=code), task_id=task)


def result(is_error: bool, task: str | None = None) -> Event:
    return make_event(ToolResult(name="Bash", is_error=is_error), task_id=task)


def start(task: str | None) -> Event:
    return make_event(TaskStart(), task_id=task)


def end(task: str | None) -> Event:
    return make_event(TaskEnd(), task_id=task)


def corpus_files(pattern: str) -> list[Path]:
    """Return the files of the corpus; skip the test where there is none, but not in CI."""
    found = sorted(CORPUS.glob(pattern))
    if not found and not os.environ.get("CI"):
        pytest.skip("the corpus is not here")
    assert found, f"no {pattern} in {CORPUS}"
    return found
