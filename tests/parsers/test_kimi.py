from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opensession.hail.actions import UserMessage
from parsers import ParseError, parse, sessions
from parsers.base import Output
from parsers.discover import logs
from parsers.kimi import KimiParser
from parsers.kimi.folder import found
from tests.parsers.logs import write


def prompt(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "turn.prompt", "input": [{"type": "text", "text": words}], **more}


def agents(folder: Path, *names: str) -> Path:
    for name in names:
        write(folder / "agents" / name / "wire.jsonl", [prompt(f"of {name}", time=1785600000000)])
    return folder / "agents" / "main" / "wire.jsonl"


def typed(path: Path) -> list[str]:
    events = (event for event in parse(path, "kimi").events if isinstance(event.action, UserMessage))
    return [block.text for event in events for block in event.content.blocks if hasattr(block, "text")]


def marks(path: Path) -> dict[str, str]:
    with KimiParser().open(path) as session:
        return dict(session.threads())


def test_it_undoes_what_the_user_undid_and_no_more(tmp_path: Path) -> None:
    undo = {"type": "context.undo", "count": 2}
    path = write(tmp_path / "x.jsonl", [prompt("a"), prompt("b"), prompt("c"), undo, prompt("d"), undo, undo, undo])
    assert typed(path) == []
    path = write(tmp_path / "y.jsonl", [prompt("a"), {"type": "context.clear"}, prompt("b"), undo])
    assert typed(path) == ["a", "b"]


def test_it_counts_each_record_once_even_where_it_was_undone(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", [prompt("a"), {"type": "context.undo", "count": 1}, prompt("b")])
    with KimiParser().open(path) as session:
        session.read("", out := Output())
    assert (out.records, out.ignored, out.skipped) == (3, {"context.undo": 1, "turn.prompt": 1}, {})


def test_it_tells_by_the_mark_which_agent_went_on(tmp_path: Path) -> None:
    main = agents(tmp_path / "session_1", "main", "agent-0")
    before = marks(main)
    write(tmp_path / "session_1" / "agents" / "agent-0" / "wire.jsonl", [prompt("longer"), prompt("now")])
    after = marks(main)
    assert (after[""], after["#agent-0"] != before["#agent-0"]) == (before[""], True)


def test_it_tells_by_the_mark_that_the_title_changed(tmp_path: Path) -> None:
    main = agents(tmp_path / "session_1", "main")
    before = marks(main)
    (tmp_path / "session_1" / "state.json").write_text('{"title":"New"}')
    assert marks(main) != before


def test_it_does_not_follow_links_to_other_sessions(tmp_path: Path) -> None:
    main = agents(tmp_path / "session_1", "main")
    agents(tmp_path / "session_2", "main")
    (tmp_path / "session_1" / "agents" / "agent-0").symlink_to(tmp_path / "session_2" / "agents" / "main")
    assert found(main).subagents == {}


def test_it_knows_no_other_subagent(tmp_path: Path) -> None:
    main = agents(tmp_path / "session_1", "main")
    with KimiParser().open(main) as session, pytest.raises(ParseError, match="no subagent"):
        session.read("#../../session_2", Output())


def test_it_reads_a_subagent_without_its_session(tmp_path: Path) -> None:
    agents(tmp_path / "session_1", "agent-0")
    (only,) = sessions(tmp_path / "session_1" / "agents" / "agent-0" / "wire.jsonl", "kimi")
    assert (only.header.session_id, len(only.events)) == ("session_1", 1)


@pytest.mark.parametrize(("depth", "events"), [(1, 3), (3, 3), (60, 0)])
def test_it_looks_through_subagents_inside_of_each_other(depth: int, events: int, tmp_path: Path) -> None:
    message: dict[str, Any] = {"type": "ContentPart", "payload": {"text": "deep"}}
    for _ in range(depth):
        message = {"type": "SubagentEvent", "payload": {"parent_tool_call_id": "c", "event": message}}
    path = write(tmp_path / "wire.jsonl", [{"timestamp": 1770000000, "message": message}])
    assert len(parse(path, "kimi").events) == events


def test_a_change_of_a_subagent_is_one_of_its_session(tmp_path: Path) -> None:
    home = tmp_path / ".kimi-code" / "sessions" / "wd_shop_1" / "session_1"
    main = agents(home, "main", "agent-0")
    (log,) = [log for log in logs(tmp_path, {}, []) if log.tool == "kimi"]
    assert (log.path, log.size) == (str(main), sum(wire.stat().st_size for wire in home.rglob("wire.jsonl")))
