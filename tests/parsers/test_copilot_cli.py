from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opensession.hail.actions import FileCreate, FileDelete, FileEdit, ToolResult
from opensession.hail.model import Session
from parsers import parse
from parsers.discover import logs, tool_of
from tests.parsers.logs import write


def event(kind: str, second: int = 0, agent: str = "", **data: Any) -> dict[str, Any]:
    told = {"type": kind, "data": data, "id": f"{kind}-{second}", "timestamp": f"2026-01-01T00:00:{second:02}Z"}
    return told | ({"agentId": agent} if agent else {})


def read(tmp_path: Path, *records: dict[str, Any]) -> Session:
    return parse(write(tmp_path / "s1" / "events.jsonl", records), "copilot-cli")


def test_it_takes_the_name_of_a_session_before_its_title_and_its_summary(tmp_path: Path) -> None:
    titled = (event("user.message", content="fix"), event("session.title_changed", title="Titled"))
    place = tmp_path / "s1" / "workspace.yaml"
    place.parent.mkdir()
    for yaml, title in (("name: Named\nsummary: Summed", "Named"), ("summary: Summed", "Titled"), ("", "Titled")):
        place.write_text(yaml)
        assert read(tmp_path, *titled).header.context.title == title
    place.write_text("summary: Summed\ncwd: /code/shop\nbranch: main")
    context = read(tmp_path, titled[0]).header.context
    assert (context.title, context.attributes["cwd"], context.attributes["git_branch"]) == (
        "Summed",
        "/code/shop",
        "main",
    )


def test_a_change_of_the_workspace_is_one_of_the_session(tmp_path: Path) -> None:
    log = write(tmp_path / ".copilot" / "session-state" / "s1" / "events.jsonl", [event("user.message", content="fix")])
    workspace = log.with_name("workspace.yaml")
    workspace.write_text("name: Named")
    (found,) = [found for found in logs(tmp_path, {}, []) if found.tool == "copilot-cli"]
    assert found.size == log.stat().st_size + workspace.stat().st_size
    owner = tool_of(str(workspace), tmp_path, {})
    assert owner
    assert owner.log == str(log)


def test_it_counts_the_tokens_of_a_response_once_however_many_messages_it_was_split_into(tmp_path: Path) -> None:
    said = [
        event("assistant.message", 1, content="", apiCallId="a1", outputTokens=0),
        event("assistant.message", 2, content="I look.", apiCallId="a1", outputTokens=40),
        event("assistant.message", 3, content="", apiCallId="a1", outputTokens=40),
        event("assistant.message", 4, content="Found it.", apiCallId="a2", outputTokens=7),
        event("assistant.message", 5, content="No id.", outputTokens=1),
        event("assistant.message", 6, content="No id either.", outputTokens=1),
    ]
    session = read(tmp_path, *said)
    assert session.stats.total_output_tokens == 49
    assert len(session.events) == 4


def test_it_knows_a_subagent_by_its_own_id_where_no_call_is_told(tmp_path: Path) -> None:
    events = read(
        tmp_path,
        event("subagent.started", 1, agent="a1", toolCallId="c1", agentDisplayName="Explore"),
        event("assistant.message", 2, agent="a1", content="Found it."),
        event("subagent.completed", 3, agent="a1", agentDisplayName="Explore"),
        event("subagent.started", 4, agent="a2", agentDisplayName="Review"),
        event("assistant.message", 5, agent="a2", content="Fine."),
        event("subagent.failed", 6, agentId="a2", error="No quota is left"),
        event("assistant.message", 7, content="Done."),
    ).events
    assert [one.task_id for one in events] == ["c1"] * 3 + ["a2"] * 3 + [None]


def test_it_tells_how_long_a_tool_ran(tmp_path: Path) -> None:
    asked = [{"toolCallId": "c1", "name": "bash", "arguments": {"command": "make"}}]
    events = read(
        tmp_path,
        event("assistant.message", 1, content="I build.", toolRequests=asked),
        event("tool.execution_start", 5, toolCallId="c1", toolName="bash"),
        event("tool.execution_complete", 17, toolCallId="c1", success=True, result={"content": "ok"}),
        event("tool.execution_complete", 18, toolCallId="c2", success=True, result={"content": "started unseen"}),
    ).events
    assert [one.duration_ms for one in events] == [None, None, 12_000, None]


PATCH = """*** Begin Patch
*** Update File: cart.py
@@
-a + b
+a - b
*** Add File: notes.md
+Sums.
*** Delete File: old.py
*** Update File: sum.py
*** Move to: total.py
@@
-x
+y
*** End Patch"""


@pytest.mark.parametrize("arguments", [PATCH, {"input": PATCH}, {"patch": PATCH}, json.dumps({"input": PATCH})])
def test_it_tells_each_file_of_a_patch_with_its_diff(arguments: Any, tmp_path: Path) -> None:
    asked = [{"toolCallId": "c1", "name": "apply_patch", "arguments": arguments}]
    told = (event("assistant.message", 1, toolRequests=asked), event("tool.execution_complete", 2, toolCallId="c1"))
    *made, result = read(tmp_path, *told).events
    assert [one.action for one in made] == [
        FileEdit(path="cart.py", diff="@@ -1 +1 @@\n-a + b\n+a - b\n"),
        FileCreate(path="notes.md"),
        FileDelete(path="old.py"),
        FileEdit(path="sum.py", diff="@@ -1 +1 @@\n-x\n+y\n"),
        FileCreate(path="total.py"),
    ]
    assert [one.event_id for one in made] == ["c1-call", *(f"c1-call-{n}" for n in range(2, 6))]
    assert {one.attributes["semantic.call_id"] for one in (*made, result)} == {"c1"}
    assert isinstance(result.action, ToolResult)
    assert result.action.name == "apply_patch"


def test_it_keeps_a_patch_that_is_none(tmp_path: Path) -> None:
    asked = [{"toolCallId": "c1", "name": "apply_patch", "arguments": "Change the sum."}]
    (made,) = read(tmp_path, event("assistant.message", 1, toolRequests=asked)).events
    assert made.action == FileEdit(path="unknown")
