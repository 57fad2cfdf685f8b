"""Counts over the events of a session (`Stats`), and `Tally`, which keeps them while a log grows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from opensession.hail import times
from opensession.hail.actions import (
    Action,
    AgentMessage,
    CodeSearch,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    FileSearch,
    ShellCommand,
    TaskEnd,
    TaskStart,
    ToolCall,
    ToolResult,
    UnknownAction,
    UserMessage,
)
from opensession.hail.model import Event, Stats

ESTIMATED = "timestamp.estimated"
"""The attribute of an event whose time the log does not tell: that of its neighbour, or of the file."""


class Tally(Struct, omit_defaults=True):
    """Running totals of one strand of events, or of several merged.

    It can be stored: msgspec encodes it, and with `order="deterministic"` the sets come out sorted.
    `tasks`, `edited` and `read` hold raw ids and paths; `active` the tasks now open; `kinds` events by action name.
    `estimated` counts the events whose time the log does not tell.
    """

    event_count: int = 0
    message_count: int = 0
    user_message_count: int = 0
    tool_call_count: int = 0
    tasks: set[str] = set()
    edited: set[str] = set()
    read: set[str] = set()
    lines_added: int = 0
    lines_removed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    input_tokens_total: int | None = None
    output_tokens_total: int | None = None
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    has_errors: int = 0
    first: str = ""
    last: str = ""
    kinds: dict[str, int] = {}
    active: set[str] = set()
    max_active: int = 0
    estimated: int = 0

    def add(self, event: Event) -> None:
        """Count `event`. One that was replayed from a parent session counts as an event and nothing else."""
        action = event.action
        kind = type(action)
        name = action.name if kind is UnknownAction else kind.__name__  # type: ignore[attr-defined]
        self.event_count += 1
        self.kinds[name] = self.kinds.get(name, 0) + 1
        attributes = event.attributes
        if attributes:
            if attributes.get("replayed") is True:
                return
            if not _TOKENS.isdisjoint(attributes):
                self._add_tokens(attributes)
            if ESTIMATED in attributes:
                self.estimated += 1
        self.last = event.timestamp
        if not self.first:
            self.first = event.timestamp
        if event.task_id is not None:
            self.tasks.add(event.task_id)
        if rule := _RULES.get(kind):
            rule(self, action, event)

    def amend(self, totals: Mapping[str, int]) -> None:
        """Add `totals`, by field name; what they say may be negative."""
        for name, change in totals.items():
            setattr(self, name, (getattr(self, name) or 0) + change)

    def stats(self) -> Stats:
        """Return the totals as HAIL's stats."""
        return Stats(
            event_count=self.event_count,
            message_count=self.message_count,
            tool_call_count=self.tool_call_count,
            task_count=len(self.tasks),
            duration_seconds=times.whole_seconds(self.first, self.last) if self.first else 0,
            total_input_tokens=_effective(self.input_tokens, self.input_tokens_total),
            total_output_tokens=_effective(self.output_tokens, self.output_tokens_total),
            user_message_count=self.user_message_count,
            files_changed=len(self.edited),
            lines_added=self.lines_added,
            lines_removed=self.lines_removed,
        )

    @property
    def tells_times(self) -> bool:
        """Tell whether the log itself tells when something happened."""
        return self.estimated < self.event_count

    def max_active_agents(self) -> int:
        return self.max_active + 1

    @classmethod
    def merged(cls, tallies: Iterable[Tally]) -> Tally:
        """Return the totals over several strands; their time runs from the earliest event to the latest."""
        whole = cls()
        for tally in tallies:
            whole._take(tally)
        return whole

    def _take(self, other: Tally) -> None:
        for name in _SUMMED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in _UNITED:
            getattr(self, name).update(getattr(other, name))
        for name in _HIGHEST:
            setattr(self, name, _highest(getattr(self, name), getattr(other, name)))
        for name, number in other.kinds.items():
            self.kinds[name] = self.kinds.get(name, 0) + number
        self.first = min(filter(None, (self.first, other.first)), key=times.key, default="")
        self.last = max(self.last, other.last, key=times.key)

    def _add_tokens(self, attributes: Mapping[str, Any]) -> None:
        given = attributes.get
        self.input_tokens = _sum(self.input_tokens, given("input_tokens"))
        self.output_tokens = _sum(self.output_tokens, given("output_tokens"))
        self.cache_read_tokens = _sum(self.cache_read_tokens, given("cache_read_tokens"))
        self.cache_write_tokens = _sum(self.cache_write_tokens, given("cache_write_tokens"))
        if "input_tokens_total" in attributes:
            self.input_tokens_total = max(self.input_tokens_total or 0, _natural(attributes["input_tokens_total"]))
        if "output_tokens_total" in attributes:
            self.output_tokens_total = max(self.output_tokens_total or 0, _natural(attributes["output_tokens_total"]))


def count(events: Iterable[Event]) -> Stats:
    """Return the stats of a session with these events."""
    tally = Tally()
    for event in events:
        tally.add(event)
    return tally.stats()


def max_active_agents(events: Iterable[Event]) -> int:
    """Return how many agents worked at once at most, the main one counted."""
    tally = Tally()
    for event in events:
        tally.add(event)
    return tally.max_active_agents()


def changed_lines(diff: str) -> tuple[int, int]:
    """Return how many lines a unified diff adds and removes."""
    text = f"\n{diff}"
    return text.count("\n+") - text.count("\n+++"), text.count("\n-") - text.count("\n---")


def _natural(value: object) -> int:
    return value if type(value) is int and 0 <= value <= _MOST else 0


def _sum(total: int, value: object) -> int:
    """Add a token count; it stops at what can be stored, since a log may claim anything."""
    if type(value) is not int or value <= 0 or value > _MOST:
        return total
    return min(_MOST, total + value)


def _highest(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else max(one, other)


def _effective(added: int, running: int | None) -> int:
    """A running total anywhere replaces the sum, even when the total is 0."""
    return max(0, added if running is None else running)


def _message(tally: Tally, action: AgentMessage, event: Event) -> None:
    tally.message_count += 1


def _user_message(tally: Tally, action: UserMessage, event: Event) -> None:
    tally.message_count += 1
    tally.user_message_count += 1


def _tool_call(tally: Tally, action: Action, event: Event) -> None:
    tally.tool_call_count += 1


def _tool_result(tally: Tally, action: ToolResult, event: Event) -> None:
    if action.is_error:
        tally.has_errors += 1


def _shell(tally: Tally, action: ShellCommand, event: Event) -> None:
    if action.exit_code:
        tally.has_errors += 1


def _file_read(tally: Tally, action: FileRead, event: Event) -> None:
    tally.tool_call_count += 1
    tally.read.add(action.path)


def _file_change(tally: Tally, action: FileCreate | FileDelete, event: Event) -> None:
    tally.edited.add(action.path)


def _file_edit(tally: Tally, action: FileEdit, event: Event) -> None:
    tally.edited.add(action.path)
    if action.diff:
        added, removed = changed_lines(action.diff)
        tally.lines_added += added
        tally.lines_removed += removed


def _task_start(tally: Tally, action: TaskStart, event: Event) -> None:
    if task := (event.task_id or "").strip():
        tally.active.add(task)
        tally.max_active = max(tally.max_active, len(tally.active))


def _task_end(tally: Tally, action: TaskEnd, event: Event) -> None:
    if action.summary and not action.summary.isspace():
        tally.message_count += 1
    if event.task_id:
        tally.active.discard(event.task_id.strip())


_RULES: Mapping[type[Action], Callable[[Tally, Any, Event], None]] = {
    UserMessage: _user_message,
    AgentMessage: _message,
    ToolCall: _tool_call,
    CodeSearch: _tool_call,
    FileSearch: _tool_call,
    FileRead: _file_read,
    ToolResult: _tool_result,
    ShellCommand: _shell,
    FileEdit: _file_edit,
    FileCreate: _file_change,
    FileDelete: _file_change,
    TaskStart: _task_start,
    TaskEnd: _task_end,
}
_MOST = 2**64 - 1
_COUNTERS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
_RUNNING = ("input_tokens_total", "output_tokens_total")
_TOKENS = frozenset(_COUNTERS + _RUNNING)
_SUMMED = (
    "event_count",
    "message_count",
    "user_message_count",
    "tool_call_count",
    "lines_added",
    "lines_removed",
    "estimated",
    "has_errors",
    *_COUNTERS,
)
_UNITED = ("tasks", "edited", "read", "active")
_HIGHEST = (*_RUNNING, "max_active")
