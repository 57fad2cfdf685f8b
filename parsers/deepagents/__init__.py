"""Deep Agents: the threads of `sessions.db`, in the tables in which LangGraph keeps its checkpoints.

The facts are those of langchain-ai/deepagents (the command line and its thread inspector), langchain-ai/langgraph (how
values are packed) and langchain-ai/langchain (what a message holds).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from opensession.hail.actions import ToolCall
from parsers.base import Match, ParseError, Sample
from parsers.database import Database, reading
from parsers.deepagents.thread import CHECKPOINTS, WRITES, Said, Thread
from parsers.fields import decoded, items, joined, mapping, number, objects, text
from parsers.manysessions import ManySessions
from parsers.transcript import At, Transcript, Usage

TOOL = "deepagents"
SUBAGENT = "tools:"
"""What the namespace of a subagent begins with; the step that called it follows."""

MOST_SUBAGENTS = 1_000

_EXIT_CODE = re.compile(r"\[Command (?:succeeded|failed) with exit code (-?\d{1,9})\]\s*$")


class DeepAgentsParser(ManySessions):
    tool, schema = TOOL, "deepagents-sqlite-v1"

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the tables, which any program may have that uses LangGraph, and by the agent that a row names."""
        is_langgraph = sample.columns(CHECKPOINTS) >= {"thread_id", "checkpoint_ns", "metadata"}
        if not is_langgraph or not sample.columns(WRITES) >= {"task_id", "channel", "value"}:
            return None
        return Match(92, "the checkpoints of Deep Agents") if _names_agent(sample) else None

    def marks(self, database: Database) -> Iterator[tuple[str, str]]:
        writes = database.marks(WRITES, "thread_id", "checkpoint_id")
        for thread, mark in database.marks(CHECKPOINTS, "thread_id", "checkpoint_id").items():
            if isinstance(thread, str):
                yield thread, f"{mark}:{writes.get(thread, '')}"

    def fill(self, database: Database, id: str, to: Transcript) -> None:
        database.row(CHECKPOINTS, "thread_id", where="thread_id = ?", given=(id,))
        thread = Thread(database, id, "", to.out)
        to.facts.learn(
            created=thread.created,
            updated=thread.updated,
            cwd=text(thread.metadata, "cwd"),
            git_branch=text(thread.metadata, "git_branch"),
            git_repo_name=text(thread.metadata, "repository_name").rpartition("/")[2],
        )
        if agent := text(thread.metadata, "agent_name"):
            to.facts.attributes["agent_name"] = agent
        _Writer(to, _subagents(database, id, to)).fill(thread)


def _names_agent(sample: Sample) -> bool:
    with suppress(ParseError, OSError), reading(sample.path) as database:
        row = next(database.rows(CHECKPOINTS, "metadata", where="checkpoint_ns = ''"), {})
        told = row.get("metadata")
        return isinstance(told, str | bytes) and bool(text(decoded(told), "agent_name"))
    return False


def _subagents(database: Database, id: str, to: Transcript) -> dict[str, Thread]:
    """Return the threads of subagents by the step of the session that called them. Theirs in turn are only counted."""
    where = "thread_id = ? AND checkpoint_ns LIKE 'tools:%'"
    rows = database.rows(CHECKPOINTS, "checkpoint_ns", where=where, by="checkpoint_id", given=(id,))
    spaces = dict.fromkeys(text(row, "checkpoint_ns") for row in rows)
    mine = [space for space in spaces if "|" not in space][:MOST_SUBAGENTS]
    for _ in range(len(spaces) - len(mine)):
        to.out.record("subagent")
        to.out.skip("subagent: nested, or one too many")
    return {space.removeprefix(SUBAGENT): Thread(database, id, space, to.out) for space in mine}


class _Writer:
    """Writes the messages of a thread, with what a subagent said behind the call that it was started by."""

    def __init__(self, to: Transcript, subagents: dict[str, Thread]) -> None:
        self._to, self._subagents = to, subagents
        self._called: dict[str, str] = {}

    def fill(self, thread: Thread) -> None:
        messages = thread.messages()
        # The step that answers a call is the one in which the subagent ran.
        steps = {text(said.fields, "tool_call_id"): said.task for said in messages}
        self._called = {call: step for call, step in steps.items() if call and step in self._subagents}
        for said in messages:
            self._message(said, self._to)
        for step in list(self._subagents):
            self._subagent(step, step, "")

    def _message(self, said: Said, to: Transcript) -> None:
        fields = said.fields
        kind = text(fields, "type", "role")
        to.out.record(f"message:{kind or 'no type'}", fields)
        if handler := HANDLERS.get(kind):
            handler(self, fields, At(time=said.time, raw=kind, group=text(fields, "id")), to)
        else:
            to.out.skip(f"message:{kind or 'no type'}")

    def user(self, fields: dict[str, Any], at: At, to: Transcript) -> None:
        words = joined(fields.get("content"))
        if text(mapping(fields, "additional_kwargs"), "lc_source") == "summarization":
            to.compacted(words, at, at.group)
        elif to.task or words.startswith("[SYSTEM]"):
            to.system(words, at, at.group)
        else:
            to.user(words, at, at.group)

    def answer(self, fields: dict[str, Any], at: At, to: Transcript) -> None:
        about, content = mapping(fields, "response_metadata"), fields.get("content")
        to.facts.learn(provider=text(about, "model_provider"))
        to.thinking(_thought(fields), at, at.group and f"{at.group}-thinking")
        usage, model = _usage(mapping(fields, "usage_metadata")), text(about, "model_name", "model")
        if not to.agent(_words(content), at, at.group, usage, model):
            to.tokens(usage, at, at.group and f"{at.group}-tokens")
        for call in objects(fields, "tool_calls"):
            self._call(call, At(time=at.time, raw=f"{at.raw}:tool_call", group=at.group), to)
        for call in objects(fields, "invalid_tool_calls"):
            # Its arguments were no JSON, so it was not carried out.
            asked = At(time=at.time, raw=f"{at.raw}:invalid_tool_call", group=at.group)
            name = text(call, "name") or "unknown"
            to.call(name, call.get("args"), asked, text(call, "id"), action=ToolCall(name=name))

    def _call(self, call: dict[str, Any], at: At, to: Transcript) -> None:
        call_id, arguments = text(call, "id"), call.get("args")
        to.call(text(call, "name"), arguments, at, call_id)
        if step := self._called.get(call_id):
            self._subagent(step, call_id, text(arguments, "description"))

    def result(self, fields: dict[str, Any], at: At, to: Transcript) -> None:
        words = joined(fields.get("content"))
        found = _EXIT_CODE.search(words[-200:])
        to.result(
            words,
            at,
            text(fields, "tool_call_id"),
            name=text(fields, "name"),
            is_error=text(fields, "status") == "error",
            exit_code=int(found[1]) if found else None,
        )

    def instructions(self, fields: dict[str, Any], at: At, to: Transcript) -> None:
        to.out.ignore("system prompt")

    def _subagent(self, step: str, task: str, title: str) -> None:
        """Write what a subagent said, once."""
        if (thread := self._subagents.pop(step, None)) is None:
            return
        lane = self._to.lane(task)
        lane.task_start(task, title, At(time=thread.created, raw="subagent"))
        for said in thread.messages():
            self._message(said, lane)
        lane.task_end(task, "", At(time=thread.updated, raw="subagent"))


def _words(content: Any) -> str:
    """Return what an answer says. Its thoughts and its calls stand among the blocks, too."""
    said = ("text", "output_text", "refusal", "image", "image_url", "file", "audio")
    blocks = content if isinstance(content, list) else [content]
    return joined([block for block in blocks if not isinstance(block, dict) or text(block, "type") in said])


def _thought(fields: dict[str, Any]) -> str:
    blocks = [block for block in objects(fields, "content") if text(block, "type") in ("thinking", "reasoning")]
    told = [text(block, "thinking", "reasoning") or joined(items(block, "summary")) for block in blocks]
    return "\n".join(filter(None, told)) or text(mapping(fields, "additional_kwargs"), "reasoning_content")


def _usage(told: dict[str, Any]) -> Usage:
    came, went = mapping(told, "input_token_details"), mapping(told, "output_token_details")
    return Usage(
        input_tokens=number(told, "input_tokens") or 0,
        output_tokens=number(told, "output_tokens") or 0,
        cache_read_tokens=number(came, "cache_read") or 0,
        cache_write_tokens=number(came, "cache_creation") or 0,
        reasoning_tokens=number(went, "reasoning") or 0,
    )


HANDLERS: Mapping[str, Callable[[_Writer, dict[str, Any], At, Transcript], None]] = {
    **dict.fromkeys(("human", "user", "HumanMessageChunk"), _Writer.user),
    **dict.fromkeys(("ai", "assistant", "AIMessageChunk"), _Writer.answer),
    **dict.fromkeys(("tool", "ToolMessageChunk"), _Writer.result),
    **dict.fromkeys(("system", "developer"), _Writer.instructions),
}
