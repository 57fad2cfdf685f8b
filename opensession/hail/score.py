"""Scores of sessions by plug-in: a plug-in is a function from a session to a number, known by its id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from opensession.hail.actions import ShellCommand, ToolResult
from opensession.hail.model import Event, Session

Plugin: TypeAlias = Callable[[Session], int]

HEURISTIC = "heuristic_v1"
ZERO = "zero_v1"
MAIN_LANE = "__global__"


class UnknownPlugin(Exception):
    """No plug-in has the id `requested`; `available` are the ids there are, sorted."""

    def __init__(self, requested: str, available: tuple[str, ...]) -> None:
        super().__init__(f"unknown score plugin {requested!r} (available: {', '.join(available)})")
        self.requested, self.available = requested, available


class Registry:
    """Plug-ins by id. Registering an id again replaces the plug-in."""

    def __init__(self, plugins: Mapping[str, Plugin], default: str) -> None:
        self._plugins = dict(plugins)
        self.default = default

    def register(self, name: str, plugin: Plugin) -> None:
        self._plugins[name] = plugin

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._plugins))

    def score(self, session: Session, name: str | None = None) -> int:
        """Return the score by the plug-in `name`, or by the default one. Raises UnknownPlugin."""
        return self.plugin(name or self.default)(session)

    def plugin(self, name: str) -> Plugin:
        if name not in self._plugins:
            raise UnknownPlugin(name, self.names())
        return self._plugins[name]


def heuristic(session: Session) -> int:
    """Start at 100; failures cost, capped by kind, and successes that follow them win some back."""
    commands = sum(_failed_command(event) for event in session.events)
    tools = sum(_failed_tool(event) for event in session.events)
    cost = min(5 * commands, 30) + min(4 * tools, 20) + (15 if commands or tools else 0)
    return max(0, min(100, 100 - cost + min(5 * recoveries(session.events), 20)))


def zero(session: Session) -> int:
    return 0


def recoveries(events: Iterable[Event]) -> int:
    """Count the successes that followed a failure in the same lane, one failure each."""
    pending: Counter[str] = Counter()
    recovered = 0
    for event in events:
        lane = (event.task_id or "").strip() or MAIN_LANE
        if _failed_command(event) or _failed_tool(event):
            pending[lane] += 1
        elif _succeeded(event) and pending[lane]:
            pending[lane] -= 1
            recovered += 1
    return recovered


def _failed_command(event: Event) -> bool:
    return isinstance(event.action, ShellCommand) and bool(event.action.exit_code)


def _failed_tool(event: Event) -> bool:
    return isinstance(event.action, ToolResult) and event.action.is_error


def _succeeded(event: Event) -> bool:
    action = event.action
    if isinstance(action, ShellCommand):
        return action.exit_code == 0
    return isinstance(action, ToolResult) and not action.is_error


SCORES = Registry({HEURISTIC: heuristic, ZERO: zero}, default=HEURISTIC)
