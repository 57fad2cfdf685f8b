"""Event messages: what Codex told its own interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opensession.hail.actions import Custom, TaskEnd, TaskStart, Thinking
from opensession.hail.model import text
from parsers.codex.line import DESKTOP, Line, micros, source
from parsers.codex.messages import EVENT, OTHER_SOURCE, SECOND, agent_said, is_injected, user_said
from parsers.codex.outputs import read_exec_end, read_patch_end
from parsers.codex.records import first_text, first_words
from parsers.codex.state import MAX_OPEN, Compaction, Task, keep
from parsers.codex.tokens import read_token_count

COMPACTED = "context compacted"


def read_user_message(line: Line) -> None:
    words = first_words(line.payload.message)
    if words and not is_injected(words):
        user_said(line, words, EVENT)


def read_agent_message(line: Line) -> None:
    words = first_words(line.payload.message, line.payload.text, line.payload.content)
    if words:
        agent_said(line, words, EVENT)


def read_thought(line: Line) -> None:
    words = first_words(line.payload.message, line.payload.text, line.payload.content)
    if words:
        line.emit(Thinking(), text(words), source(DESKTOP, f"event_msg:{line.payload.type}"))


def read_task_started(line: Line) -> None:
    payload, turn = line.payload, line.turn()
    if turn:
        title = first_words(payload.title, payload.task, payload.name)
        line.emit(TaskStart(title=title or None), text(title or "task started"), task_id=turn)
        keep(line.state.tasks, turn, Task(title, line.state.is_replaying), MAX_OPEN)


def read_task_complete(line: Line) -> None:
    """The last message is said again here. A turn without an id was never opened, so nothing ends."""
    payload, turn = line.payload, line.turn()
    if turn:
        summary = first_words(payload.last_agent_message, payload.summary, payload.message)
        if summary:
            agent_said(line, summary, EVENT)
        line.emit(TaskEnd(summary=summary or None), text(summary or "task completed"), task_id=turn)
        line.state.tasks.pop(turn, None)


def read_turn_aborted(line: Line) -> None:
    told = line.record.whole()
    reason = first_words(told.get("reason"), told.get("message"), told.get("error"))
    marks = {"reason": reason} if reason else {}
    turn = first_words(line.payload.turn_id) or None
    line.emit(Custom(kind="turn_aborted"), text("turn aborted"), marks, task_id=turn)


def read_item_completed(line: Line) -> None:
    """Of all items only a plan is told nowhere else."""
    item = line.payload.item if isinstance(line.payload.item, dict) else {}
    if first_text(item.get("type")).lower() != "plan":
        return
    lines = (words.strip() for words in first_text(item.get("text")).split("\n"))
    words = next((words for words in lines if words), "plan completed")
    marks = source(DESKTOP, "event_msg:item_completed", plan_id=first_words(item.get("id")), turn_id=line.turn())
    line.emit(Custom(kind="plan_completed"), text(f"Plan completed: {words}"), marks, task_id=line.turn())


def read_context_compacted(line: Line) -> None:
    if _other_record(line, is_line=False) is None:
        marks = source(DESKTOP, "event_msg:context_compacted")
        number = line.emit(Custom(kind="context_compacted"), text(COMPACTED), marks, task_id=line.turn())
        line.state.compaction = Compaction(number, micros(line.at), is_line=False)


def read_compacted(line: Line) -> None:
    """A compaction is logged as a line with its summary, as an event message, or as both in any order."""
    words = first_words(line.payload.message)
    other = _other_record(line, is_line=True)
    if other is None:
        number = line.add(Custom(kind="context_compacted"), text(words or COMPACTED), source(DESKTOP, "compacted"))
        line.state.compaction = Compaction(number, micros(line.at), is_line=True)
    elif words:
        line.amend(other.number, {}, content=text(words))


def _other_record(line: Line, *, is_line: bool) -> Compaction | None:
    """Return, and forget, the other record of the same compaction if it came already."""
    other = line.state.compaction
    if other is None or other.is_line == is_line or abs(micros(line.at) - other.at) // SECOND > OTHER_SOURCE:
        return None
    line.state.compaction = None
    return other


def read_rolled_back(line: Line) -> None:
    turns = line.record.whole().get("num_turns")
    count = turns if type(turns) is int else 0
    words = f"rolled back {count} turn{'s' * (count != 1)}" if count else "rolled back"
    line.add(
        Custom(kind="thread_rolled_back"), text(words), source(DESKTOP, "event_msg:thread_rolled_back", num_turns=count)
    )


def read_error(line: Line) -> None:
    told = line.record.whole()
    inner = told.get("error")
    words = first_words(told.get("message"), inner.get("message") if isinstance(inner, dict) else inner) or "error"
    reason = _error_kind(told.get("codex_error_info"))
    line.add(Custom(kind="error"), text(words), source(DESKTOP, "event_msg:error", error=True, reason=reason))


def _error_kind(info: Any) -> str:
    """Return the name of an error: a text, or an object whose only key is the name."""
    return next(iter(info), "") if isinstance(info, dict) else first_words(info)


def read_thread_name(line: Line) -> None:
    name = first_words(line.record.whole().get("thread_name"))
    if name and not line.state.is_replaying:
        line.state.thread_name = name


HANDLERS: Mapping[str, Callable[[Line], None]] = {
    "user_message": read_user_message,
    "agent_message": read_agent_message,
    "agent_reasoning": read_thought,
    "agent_reasoning_raw_content": read_thought,
    "token_count": read_token_count,
    "turn.completed": read_token_count,
    "task_started": read_task_started,
    "task_complete": read_task_complete,
    "task_completed": read_task_complete,
    "task_finished": read_task_complete,
    "turn_aborted": read_turn_aborted,
    "item_completed": read_item_completed,
    "context_compacted": read_context_compacted,
    "thread_rolled_back": read_rolled_back,
    "error": read_error,
    "thread_name_updated": read_thread_name,
    "exec_command_end": read_exec_end,
    "patch_apply_end": read_patch_end,
}

SILENT = frozenset(
    {
        "account/rateLimits/updated",
        "apply_patch_approval_request",
        "background_event",
        "codex/event/raw_item",
        "collab_agent_interaction_begin",
        "collab_agent_interaction_end",
        "collab_agent_spawn_begin",
        "collab_agent_spawn_end",
        "collab_close_begin",
        "collab_close_end",
        "collab_waiting_begin",
        "collab_waiting_end",
        "dynamic_tool_call_request",
        "dynamic_tool_call_response",
        "entered_review_mode",
        "exec_approval_request",
        "exec_command_begin",
        "exited_review_mode",
        "guardian_assessment",
        "image_generation_begin",
        "image_generation_end",
        "mcp_tool_call_begin",
        "mcp_tool_call_end",
        "patch_apply_begin",
        "stream_error",
        "sub_agent_activity",
        "thread_goal_updated",
        "thread_settings_applied",
        "undo_completed",
        "view_image_tool_call",
        "warning",
        "web_search_begin",
        "web_search_end",
    }
)
"""Messages that are understood and give no event: progress of what an item tells too, and settings."""
