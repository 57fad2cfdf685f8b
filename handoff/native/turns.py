"""The last turns of a session as plain words: calls and what they gave are written out, as no agent knows another's."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from handoff.markup import code, fenced
from opensession.hail.actions import (
    AgentMessage,
    CodeSearch,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    FileSearch,
    ShellCommand,
    SystemMessage,
    TaskEnd,
    TaskStart,
    Thinking,
    ToolCall,
    ToolResult,
    UserMessage,
    WebFetch,
    WebSearch,
)
from opensession.hail.extract import collapse, truncate, user_text
from opensession.hail.model import Code, Event

USER = "user"
AGENT = "assistant"
MOST_BYTES = 60_000
DIFF_BYTES = 1500
OUTPUT_BYTES = 500
SILENT = (Thinking, SystemMessage, TaskStart, TaskEnd)


class Turn(NamedTuple):
    """What one side said, and for the agent also what it did."""

    role: str
    words: str


class Turns(NamedTuple):
    """The last turns, and whether earlier ones were left out."""

    last: tuple[Turn, ...]
    is_cut: bool


def turns(events: Iterable[Event], most: int = MOST_BYTES) -> Turns:
    """Return the last turns of the session itself, in at most about `most` bytes. Subagents are left out."""
    kept: deque[Turn] = deque()
    size, is_cut = 0, False
    for event in events:
        words = "" if event.attributes.get("merged_subagent") else told(event)
        if not words:
            continue
        role = USER if isinstance(event.action, UserMessage) else AGENT
        kept.append(Turn(role, words))
        size += len(words.encode("utf-8", "replace"))
        while size > most and len(kept) > 1:
            size -= len(kept.popleft().words.encode("utf-8", "replace"))
            is_cut = True
    return Turns(_joined(kept), is_cut)


def _joined(parts: Iterable[Turn]) -> tuple[Turn, ...]:
    """Join what one side said in a row: the two take turns."""
    joined: list[Turn] = []
    for part in parts:
        if joined and joined[-1].role == part.role:
            joined[-1] = Turn(part.role, f"{joined[-1].words}\n\n{part.words}")
        else:
            joined.append(part)
    return tuple(joined)


def told(event: Event) -> str:
    """Return an event in words; empty when it has nothing to tell the next agent."""
    match event.action:
        case UserMessage() | AgentMessage():
            return user_text(event)
        case ShellCommand(command=command, exit_code=status):
            return f"[ran {code(collapse(command))}{'' if status is None else f', exit code {status}'}]"
        case FileEdit(path=path, diff=diff):
            return f"[edited {code(path)}]" + (f"\n{fenced(truncate(diff, DIFF_BYTES), 'diff')}" if diff else "")
        case FileCreate(path=path):
            return f"[created {code(path)}]"
        case FileDelete(path=path):
            return f"[deleted {code(path)}]"
        case FileRead(path=path):
            return f"[read {code(path)}]"
        case action if isinstance(action, SILENT):
            return ""
        case _:
            return _other(event)


def _other(event: Event) -> str:
    match event.action:
        case CodeSearch(query=words) | FileSearch(pattern=words) | WebSearch(query=words):
            return f"[searched for {code(collapse(words))}]"
        case WebFetch(url=url):
            return f"[fetched {code(collapse(url))}]"
        case ToolCall(name=name):
            return f"[called {code(name)}]"
        case ToolResult(is_error=is_error):
            return _result(_output(event), is_error)
        case _:
            return ""


def _result(words: str, is_error: bool) -> str:
    """Return what went wrong. What a call gave when it went well is left out: it can be had again."""
    if not is_error:
        return ""
    return f"[it failed]\n{fenced(truncate(words, OUTPUT_BYTES))}" if words else "[it failed]"


def _output(event: Event) -> str:
    found = next((block.code for block in event.content.blocks if isinstance(block, Code)), "")
    return user_text(event) or found
