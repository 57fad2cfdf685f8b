"""Short ways to write down a session, for the handoff tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handoff.model import Summary
from handoff.summary import summarise
from opensession.hail import times
from opensession.hail.actions import (
    Action,
    AgentMessage,
    FileEdit,
    ShellCommand,
    TaskEnd,
    TaskStart,
    UserMessage,
)
from opensession.hail.model import EMPTY, Agent, Context, Event, Header, Stats, text

CREATED = "2026-01-01T00:00:00Z"
CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


def header(title: str | None = None, session_id: str = "demo-1") -> Header:
    context = Context(title=title, created_at=CREATED, updated_at=CREATED)
    return Header(session_id=session_id, agent=Agent(provider="acme", model="m-1", tool="demo"), context=context)


def event(
    action: Action,
    words: str | None = None,
    *,
    task: str | None = None,
    name: str = "e",
    second: float = 0,
    **attributes: Any,
) -> Event:
    return Event(
        event_id=name,
        timestamp=times.from_ms(1767225600000 + int(second * 1000)),
        action=action,
        task_id=task,
        content=EMPTY if words is None else text(words),
        attributes=attributes,
    )


def user(words: str, **options: Any) -> Event:
    return event(UserMessage(), words, **options)


def agent(words: str, **options: Any) -> Event:
    return event(AgentMessage(), words, **options)


def shell(command: str, exit_code: int | None = None, **options: Any) -> Event:
    return event(ShellCommand(command=command, exit_code=exit_code), **options)


def edit(path: str, **options: Any) -> Event:
    return event(FileEdit(path=path), **options)


def start(title: str | None, task: str, **options: Any) -> Event:
    return event(TaskStart(title=title), task=task, **options)


def end(summary: str | None, task: str, **options: Any) -> Event:
    return event(TaskEnd(summary=summary), task=task, **options)


def summary_of(*events: Event, title: str | None = None, stats: Stats | None = None) -> Summary:
    """Return the summary of events, which are seen only once."""
    return summarise(header(title), iter(events), stats or Stats())


def worked() -> tuple[Event, ...]:
    """Return the worked structure of the specification."""
    return (
        user("Fix login and billing", name="e1"),
        start("Fix login", "A", name="e2", second=10),
        edit("src/login.py", task="A", name="e3", second=20),
        shell("pytest  -q", 1, task="A", name="e4", second=30),
        end("Login fixed", "A", name="e5", second=40),
        start("Fix billing", "B", name="e6", second=50),
        edit("src/login.py", task="B", name="e7", second=60),
        start("Docs", "C", name="e8", second=70),
        agent("done", name="e9", second=80),
    )


def worked_summary() -> Summary:
    stats = Stats(event_count=9, message_count=2, duration_seconds=80, total_input_tokens=1200)
    return summary_of(*worked(), stats=stats)


def failing() -> tuple[Event, ...]:
    return (
        user("Make the tests pass", name="e1"),
        edit("src/lib.rs", name="e2", second=1),
        shell("cargo test", 1, name="e3", second=2),
    )


def chat(pairs: int) -> Iterator[Event]:
    """Return user and agent messages in turn, made one at a time."""
    for number in range(pairs):
        yield user(f"user-{number}", name=f"u{number}", second=2 * number)
        yield agent(f"agent-{number}", name=f"a{number}", second=2 * number + 1)


def corpus_files() -> list[Path]:
    """Return the golden HAIL files; only on a developer's machine they may be missing."""
    found = sorted((CORPUS / "golden").rglob("*.hail.jsonl"))
    if not found and not os.environ.get("CI"):
        pytest.skip("the corpus is not on this machine")
    assert found, f"no golden files in {CORPUS}"
    return found
