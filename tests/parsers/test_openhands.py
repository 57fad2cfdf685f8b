from __future__ import annotations

import json
from pathlib import Path

import pytest

from parsers import ParseError, parse, sessions
from parsers.base import Output, Sample
from parsers.detect import recognise
from parsers.discover import logs, tool_of
from parsers.openhands import OpenHandsParser


def conversation(folder: Path, *numbers: int) -> Path:
    (folder / "events").mkdir(parents=True)
    for number in numbers:
        words = [{"type": "text", "text": f"event {number}"}]
        event = {"id": f"e{number}", "kind": "MessageEvent", "source": "user", "llm_message": {"content": words}}
        text = json.dumps(event | {"timestamp": "2026-01-01T00:00:00"})
        (folder / "events" / f"event-{number:05}-e{number}.json").write_text(text)
    state = folder / "base_state.json"
    state.write_text('{"id":"abc","agent":{},"workspace":{},"execution_status":"idle"}')
    return state


def ids(path: Path) -> list[str]:
    return [event.event_id for event in parse(path, "openhands").events]


def test_it_orders_events_by_their_number(tmp_path: Path) -> None:
    assert ids(conversation(tmp_path / "abc", 100000, 99999, 3)) == ["e3", "e99999", "e100000"]


def test_it_reads_the_conversation_that_an_event_belongs_to(tmp_path: Path) -> None:
    state = conversation(tmp_path / "abc", 1, 2)
    event = state.parent / "events" / "event-00001-e1.json"
    assert [candidate.tool for candidate in recognise(Sample(event))] == ["openhands"]
    assert ids(event) == ids(state) == ["e1", "e2"]


def test_it_reads_the_numbered_events_of_old_sessions(tmp_path: Path) -> None:
    folder = tmp_path / "session-1" / "events"
    folder.mkdir(parents=True)
    for number in (0, 10, 9):
        event = {"id": number, "timestamp": "2025-01-01T00:00:00", "source": "user", "message": "", "action": "message"}
        (folder / f"{number}.json").write_text(json.dumps(event | {"args": {"content": f"words {number}"}}))
    (session,) = sessions(folder / "0.json")
    assert [event.event_id for event in session.events] == ["0", "9", "10"]
    assert session.header.session_id == "session-1"


def test_it_does_not_follow_links(tmp_path: Path) -> None:
    state = conversation(tmp_path / "abc", 1)
    other = conversation(tmp_path / "other", 7)
    (state.parent / "events" / "event-00002-e7.json").symlink_to(other.parent / "events" / "event-00007-e7.json")
    (state.parent / "subagents").mkdir()
    (state.parent / "subagents" / "other").symlink_to(other.parent)
    assert ids(state) == ["e1"]


def test_it_knows_no_other_subagent(tmp_path: Path) -> None:
    with (
        OpenHandsParser().open(conversation(tmp_path / "abc", 1)) as open_,
        pytest.raises(ParseError, match="subagent"),
    ):
        open_.read("#../../other", Output())


def test_it_refuses_half_a_trajectory(tmp_path: Path) -> None:
    path = tmp_path / "trajectory.json"
    path.write_text('[{"id":0,"source":"user","action":"message"')
    with pytest.raises(ParseError, match="no JSON"):
        parse(path, "openhands")


def test_a_new_event_of_a_subagent_is_a_change_of_the_conversation(tmp_path: Path) -> None:
    state = conversation(tmp_path / ".openhands" / "conversations" / "abc", 1)
    child = conversation(state.parent / "subagents" / "child", 1)
    before = [log for log in logs(tmp_path, {}, []) if log.tool == "openhands"]
    new = child.parent / "events" / "event-00002-e2.json"
    new.write_text("{}")
    after = [log for log in logs(tmp_path, {}, []) if log.tool == "openhands"]
    assert [log.path for log in after] == [str(state)]
    assert after != before
    owner = tool_of(str(new), tmp_path, {})
    assert owner
    assert owner.log == str(state)
