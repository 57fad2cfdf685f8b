from __future__ import annotations

from typing import Any

import pytest

from handoff.model import PlanItem, Summary
from opensession.hail.actions import ToolCall, ToolResult
from opensession.hail.model import Content, Event, Json
from tests.handoff.building import agent, event, summary_of, user


def call(tool: str, arguments: Any, name: str = "c1", **attributes: Any) -> Event:
    made = event(ToolCall(name=tool), name=name, **attributes)
    return Event(
        event_id=name,
        timestamp=made.timestamp,
        action=made.action,
        content=Content((Json(data=arguments),)),
        attributes={"semantic.call_id": name} | attributes,
    )


def result(words: str, call_id: str) -> Event:
    return event(ToolResult(name="x", is_error=False, call_id=call_id), words, name=f"{call_id}-result")


def session(*calls: Event) -> Summary:
    return summary_of(user("Build it", name="u"), *calls, agent("Done so far", name="a"))


def states(plan: tuple[PlanItem, ...]) -> list[tuple[str, str]]:
    return [(item.item, item.status) for item in plan]


SHAPES = {
    "TodoWrite": {"todos": [{"content": "one", "status": "completed"}, {"content": "two", "status": "in_progress"}]},
    "update_plan": {"plan": [{"step": "one", "status": "completed"}, {"step": "two", "status": "in_progress"}]},
    "write_todos": {
        "todos": [{"description": "one", "status": "done"}, {"description": "two", "status": "in progress"}]
    },
    "manage_todo_list": {
        "todoList": [
            {"id": 1, "title": "one", "status": "completed"},
            {"id": 2, "title": "two", "status": "in-progress"},
        ]
    },
    "update_todo_list": {"todos": "- [x] one\n- [-] two"},
    "todowrite": {"todos": "1. [completed] one\n2. [in_progress] two"},
}


@pytest.mark.parametrize("tool", SHAPES)
def test_it_reads_the_plan_of_every_agent(tool: str) -> None:
    summary = session(call(tool, SHAPES[tool]))
    assert states(summary.plan) == [("one", "completed"), ("two", "in_progress")]
    assert summary.execution_contract.next_actions == ("Go on with the plan's item `two`.",)


def test_it_keeps_the_last_list_only() -> None:
    first = call("TodoWrite", {"todos": [{"content": "old", "status": "pending"}]})
    last = call("TodoWrite", {"todos": [{"content": "new", "status": "pending"}]}, "c2")
    summary = session(first, last)
    assert states(summary.plan) == [("new", "pending")]
    assert summary.plan[0].event_id == "c2"
    assert session(first, call("TodoWrite", {"todos": []}, "c2")).plan == ()


def test_it_merges_where_the_agent_says_so() -> None:
    first = call("todo_write", {"todos": [{"id": "1", "content": "a"}, {"id": "2", "content": "b"}]})
    last = call("todo_write", {"merge": True, "todos": [{"id": "1", "content": "a", "status": "completed"}]}, "c2")
    assert states(session(first, last).plan) == [("a", "completed"), ("b", "pending")]


def test_it_follows_tasks_that_are_created_and_updated() -> None:
    summary = session(
        call("TaskCreate", {"subject": "schema"}, "c1"),
        result("Task #7 created successfully: schema", "c1"),
        call("TaskCreate", {"subject": "pages"}, "c2"),
        result("Task #8 created successfully: pages", "c2"),
        call("TaskCreate", {"subject": "docs"}, "c3"),
        result("Task #9 created successfully: docs", "c3"),
        call("TaskUpdate", {"taskId": "8", "addBlockedBy": ["7"]}, "c4"),
        call("TaskUpdate", {"taskId": "7", "status": "in_progress"}, "c5"),
    )
    assert [(item.id, item.status, item.depends_on) for item in summary.plan] == [
        ("7", "in_progress", ()),
        ("8", "pending", ("7",)),
        ("9", "pending", ()),
    ]
    assert summary.execution_contract.next_actions == ("Do the plan's item `pages` after [7].",)
    assert summary.execution_contract.parallel_actions == ("Plan: `schema`", "Plan: `docs`")


def test_it_keeps_tasks_whose_ids_do_not_begin_with_one() -> None:
    summary = session(
        call("TaskCreate", {"subject": "schema"}, "c1"),
        result("Task #2 created successfully: schema", "c1"),
        call("TaskCreate", {"subject": "pages"}, "c2"),
        call("TaskCreate", {"subject": "docs"}, "c3"),
        result("Task #4 created successfully: docs", "c3"),
        result("Task #3 created successfully: pages", "c2"),
        call("TaskUpdate", {"taskId": "2", "addBlocks": ["3", "99"]}, "c4"),
        call("TaskUpdate", {"taskId": "4", "status": "completed"}, "c5"),
    )
    assert {item.id: (item.item, item.status, item.depends_on) for item in summary.plan} == {
        "2": ("schema", "pending", ()),
        "4": ("docs", "completed", ()),
        "3": ("pages", "pending", ("2",)),
    }


def test_it_survives_a_list_that_replaces_tasks_before_their_results() -> None:
    created = call("TaskCreate", {"subject": "schema"}, "c1")
    written = call("TodoWrite", {"todos": [{"content": "new", "status": "pending"}]}, "c2")
    assert states(session(created, written, result("Task #7 created", "c1")).plan) == [("new", "pending")]


def test_it_keeps_items_whose_ids_are_the_same() -> None:
    todos = [{"id": "1", "content": "a"}, {"content": "b"}, {"id": "1", "content": "c"}]
    assert states(session(call("TodoWrite", {"todos": todos})).plan) == [(name, "pending") for name in "abc"]


def test_it_keeps_the_plan_when_a_later_list_cannot_be_read() -> None:
    first = call("TodoWrite", {"todos": [{"content": "a"}]})
    assert states(session(first, call("TodoWrite", {"todos": '[{"content": "b"}]'}, "c2")).plan) == [("a", "pending")]


def test_it_reads_lists_of_blanks_in_no_time() -> None:
    blanks = "\n" * 100_000 + " " * 100_000
    assert states(session(call("TodoWrite", {"todos": f"{blanks}\n- [ ] a"})).plan) == [("a", "pending")]


def test_it_offers_what_was_begun_together_in_parallel() -> None:
    todos = [{"content": name, "status": "in_progress"} for name in ("a", "b")] + [{"content": "c"}]
    contract = session(call("TodoWrite", {"todos": todos})).execution_contract
    assert contract.parallel_actions == ("Plan: `a`", "Plan: `b`")
    assert contract.next_actions == ("Do the plan's item `c`.",)


def test_it_leaves_out_what_was_given_up() -> None:
    todos = [{"content": "a", "status": "cancelled"}, {"content": "b", "status": "completed"}]
    summary = session(call("TodoWrite", {"todos": todos}))
    assert states(summary.plan) == [("b", "completed")]
    assert summary.execution_contract.next_actions == ()
    assert summary.execution_contract.done_definition == ("Plan: 1 of 1 items done: `b`.",)


def test_it_leaves_the_plans_of_subagents_alone() -> None:
    assert session(call("TodoWrite", {"todos": [{"content": "a"}]}, merged_subagent=True)).plan == ()


@pytest.mark.parametrize(
    "arguments", [None, [], "x", {"todos": 3}, {"todos": [None, {}, {"content": 5}]}, {"plan": {}}]
)
def test_it_passes_over_what_is_no_plan(arguments: Any) -> None:
    assert session(call("TodoWrite", arguments)).plan == ()
