from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from opensession.hail import actions, jsonl
from opensession.hail.actions import CodeSearch, FileEdit, FileRead, ShellCommand, ToolCall, ToolResult
from opensession.hail.model import Agent
from opensession.hail.validate import Problem, problems
from tests.hail.samples import DEMO, make_event, make_session


def test_it_finds_nothing_wrong_with_a_sound_session() -> None:
    assert problems(jsonl.loads(DEMO)) == ()


def test_it_lists_everything_in_order() -> None:
    faulty = [
        ("", 2, ToolCall(name="")),
        ("a", 1, ToolResult(name="", is_error=False)),
        ("a", 1, FileRead(path="")),
        ("a", 0, ShellCommand(command="")),
        (" ", 0, CodeSearch(query="")),
        ("", 0, FileEdit(path=" ")),
    ]
    events = [
        make_event(action, event_id=name, timestamp=f"2026-02-01T00:00:0{second}Z") for name, second, action in faulty
    ]
    session = make_session(events, agent=Agent(provider="", model="", tool=""), session_id="")
    session = replace(session, header=replace(session.header, version="HAIL-1"))
    assert problems(session) == (
        Problem("InvalidVersion", "HAIL-1"),
        Problem("MissingField", "session_id"),
        Problem("MissingField", "agent.provider"),
        Problem("MissingField", "agent.tool"),
        Problem("InvalidEvent", "event_id", 0),
        Problem("InvalidEvent", "event_type.name", 1),
        Problem("InvalidEvent", "event_type.path", 2),
        Problem("InvalidEvent", "event_type.command", 3),
        Problem("InvalidEvent", "event_id", 5),
        Problem("DuplicateEventId", "a", 2),
        Problem("DuplicateEventId", "a", 3),
        Problem("DuplicateEventId", "", 5),
        Problem("EventsOutOfOrder", "a", 1),
        Problem("EventsOutOfOrder", "a", 3),
    )


def test_it_wants_an_event() -> None:
    assert problems(make_session()) == (Problem("EmptySession"),)


def test_it_takes_any_hail_version() -> None:
    session = make_session([make_event()])
    assert problems(replace(session, header=replace(session.header, version="hail-99"))) == ()


@pytest.mark.parametrize("kind", [actions.CodeSearch, actions.WebFetch, actions.Custom, actions.ImageGenerate])
def test_it_leaves_other_payloads_alone(kind: type[Any]) -> None:
    name = next(iter(kind.__struct_fields__))
    assert problems(make_session([make_event(kind(**{name: ""}))])) == ()


def test_it_orders_by_nanoseconds() -> None:
    moments = ["2026-02-01T00:00:00.000000002Z", "2026-02-01T00:00:00.000000001Z"]
    found = problems(make_session([make_event(timestamp=moment) for moment in moments]))
    assert [problem.kind for problem in found] == ["EventsOutOfOrder"]


def test_a_problem_reads_as_a_sentence() -> None:
    assert str(Problem("InvalidEvent", "event_id", 3)) == "event 3: `event_id` is empty"
    assert str(Problem("DuplicateEventId", "{x}", 3)) == "event id '{x}' is used again"
