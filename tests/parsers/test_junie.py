from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from opensession.hail.actions import AgentMessage, ToolCall, ToolResult, UserMessage
from opensession.hail.model import Text
from parsers import parse, parser_of
from parsers.base import LineParser
from parsers.discover import logs
from parsers.strand import open_log, read_whole
from tests.golden import FIXTURES
from tests.parsers.logs import write

SESSIONS = FIXTURES / "junie" / "sessions"
SESSION = "session-260110-090000-ab12"


def of_agent(kind: str, **fields: Any) -> dict[str, Any]:
    return {
        "kind": "SessionA2uxEvent",
        "timestampMs": 1_768_035_600_000,
        "event": {"agentEvent": {"kind": kind, **fields}},
    }


def actions(path: Path, *records: dict[str, Any]) -> list[Any]:
    return [event.action for event in parse(write(path / "events.jsonl", records), "junie").events]


def test_it_counts_each_event_once() -> None:
    parser, path = parser_of("junie"), SESSIONS / SESSION / "events.jsonl"
    assert isinstance(parser, LineParser)
    with open_log(path) as log:
        _, out = read_whole(parser.reader(path), log)
    assert out.records == len(path.read_bytes().splitlines())
    assert out.skipped == {"bad line": 1, "HologramUpdatedEvent": 1, "HologramEvent": 1}


def test_discovery_finds_the_logs_and_not_the_index(tmp_path: Path) -> None:
    shutil.copytree(SESSIONS, tmp_path / ".junie" / "sessions")
    found = [Path(log.path) for log in logs(tmp_path, {}, []) if log.tool == "junie"]
    assert found == [tmp_path / ".junie" / "sessions" / SESSION / "events.jsonl"]


def test_it_tells_a_step_once_however_often_its_block_is_written(tmp_path: Path) -> None:
    block = of_agent("ToolBlockUpdatedEvent", stepId="s", text="Found it", status="COMPLETED")
    assert actions(tmp_path, block, block) == [
        ToolCall(name="tool"),
        ToolResult(name="tool", is_error=False, call_id="s"),
    ]


def test_it_tells_steps_without_an_id_apart(tmp_path: Path) -> None:
    block = of_agent("MarkdownBlockUpdatedEvent", text="Done")
    assert actions(tmp_path, block, block) == [AgentMessage(), AgentMessage()]


def test_it_corrects_a_prompt_that_is_told_again(tmp_path: Path) -> None:
    prompt = {"kind": "UserPromptEvent", "requestId": "r", "prompt": "Fix"}
    session = parse(write(tmp_path / "events.jsonl", [prompt, prompt | {"prompt": "Fix it"}]), "junie")
    (event,) = session.events
    assert (event.action, event.content.blocks) == (UserMessage(), (Text(text="Fix it"),))


def test_a_subagent_that_the_main_agent_tells_of_has_a_lane(tmp_path: Path) -> None:
    helper = {"kind": "CustomAgent", "id": "x1", "name": "reviewer"}
    log = [
        of_agent("CustomAgentBlockUpdatedEvent", stepId="s", name="reviewer", status="STARTED"),
        of_agent("MarkdownBlockUpdatedEvent", stepId="t", text="Looks good", agent=helper),
    ]
    session = parse(write(tmp_path / "events.jsonl", log), "junie")
    assert [event.task_id for event in session.events] == ["s", "s"]


def test_no_event_holds_the_environment() -> None:
    session = parse(SESSIONS / SESSION / "events.jsonl", "junie")
    assert "EDITOR" not in repr(session)
