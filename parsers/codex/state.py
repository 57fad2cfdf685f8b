"""What a Codex reader remembers between two lines. It is stored with the strand, so every part of it is bounded."""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec import Struct, field

T = TypeVar("T")

MAX_CALLS = 64
"""Tool calls kept for their output. An agent runs a handful at once and their outputs follow closely."""

MAX_SAID = 64
"""Messages kept for comparison. Only a copied history holds more within the 13 seconds that matter."""

MAX_OPEN = 256


class Call(Struct, array_like=True):
    """A tool call: the number and id of its event and its native name.

    `waits` tells that its command may still learn an exit code; `process` is the running process it writes to;
    `edits` are the numbers of its file edits without a diff, by path.
    """

    number: int
    event_id: str
    name: str
    waits: bool = False
    process: str = ""
    edits: dict[str, int] = {}


class Said(Struct, array_like=True, gc=False):
    """A message that was emitted, its text as it was or, when `is_plain`, normalised. `at` is microseconds."""

    number: int
    by_user: bool
    is_fallback: bool
    at: int
    words: str
    is_plain: bool = False


class Task(Struct, array_like=True, gc=False):
    """An open turn."""

    title: str
    replayed: bool = False


class Question(Struct, array_like=True, gc=False):
    id: str
    header: str = ""
    question: str = ""


class Usage(Struct, array_like=True):
    """Running totals: what a forked parent had used, and the cache tokens seen last, by attribute."""

    parent_input: int = 0
    parent_output: int = 0
    cached: dict[str, int] = {}


class Compaction(Struct, array_like=True, gc=False):
    """The latest compaction of which one record came. `at` is microseconds; `is_line` tells which record."""

    number: int
    at: int
    is_line: bool


class State(Struct):
    """Facts of the session, mostly the first value seen, and what is still open. `began` is microseconds."""

    is_desktop: bool = False
    id: str | None = None
    stamp: str | None = None
    fallback: str | None = None
    git: Any = None
    cwd: str | None = None
    version: str | None = None
    originator: str | None = None
    provider: str | None = None
    model: str | None = None
    is_auxiliary: bool = False
    parent: str | None = None
    forked_from: str | None = None
    thread_name: str | None = None
    prompt: str | None = None
    fallback_prompt: str | None = None
    parent_prompt: str | None = None
    made: int = 0
    added: int = 0
    created: str | None = None
    updated: str | None = None
    is_replaying: bool = False
    has_turns: bool = False
    began: int = 0
    last_tool: str = "unknown"
    calls: dict[str, Call] = field(default_factory=dict)
    processes: dict[str, int] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    tasks: dict[str, Task] = field(default_factory=dict)
    questions: dict[str, list[Question]] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    compaction: Compaction | None = None


def keep(entries: dict[str, T], key: str, value: T, most: int) -> None:
    """Put an entry in as the newest and forget the oldest beyond `most`."""
    entries.pop(key, None)
    entries[key] = value
    if len(entries) > most:
        del entries[next(iter(entries))]
