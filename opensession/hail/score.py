"""Scores of sessions by plug-in: a plug-in makes a `Scorer` for one session, and is known by its id.

A scorer sees one event at a time, so that a session need not be held to be scored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

from opensession.hail.actions import ShellCommand, ToolResult
from opensession.hail.model import Event, Session


class Scorer(Protocol):
    """Sees the events of one session, in order, and then tells its score."""

    def add(self, event: Event) -> None: ...

    def score(self) -> int: ...


Plugin: TypeAlias = Callable[[], Scorer]

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
        scorer = self.plugin(name or self.default)()
        for event in session.events:
            scorer.add(event)
        return scorer.score()

    def scorers(self) -> dict[str, Scorer]:
        """Return a new scorer of every plug-in, by id."""
        return {name: plugin() for name, plugin in self._plugins.items()}

    def plugin(self, name: str) -> Plugin:
        if name not in self._plugins:
            raise UnknownPlugin(name, self.names())
        return self._plugins[name]


_JUDGED = (ShellCommand, ToolResult)


class Heuristic:
    """Starts at 100; failures cost, capped by kind, and successes that follow them in the same lane win some back."""

    def __init__(self) -> None:
        self._commands = self._tools = self._recoveries = 0
        self._pending: Counter[str] = Counter()

    def add(self, event: Event) -> None:
        if not isinstance(event.action, _JUDGED):
            return
        lane = (event.task_id or "").strip() or MAIN_LANE
        if _failed_command(event):
            self._commands += 1
            self._pending[lane] += 1
        elif _failed_tool(event):
            self._tools += 1
            self._pending[lane] += 1
        elif _succeeded(event) and self._pending[lane]:
            self._pending[lane] -= 1
            self._recoveries += 1

    def score(self) -> int:
        has_failed = bool(self._commands or self._tools)
        cost = min(5 * self._commands, 30) + min(4 * self._tools, 20) + 15 * has_failed
        return max(0, min(100, 100 - cost + min(5 * self._recoveries, 20)))


class Zero:
    def add(self, event: Event) -> None:
        pass

    def score(self) -> int:
        return 0


def _failed_command(event: Event) -> bool:
    return isinstance(event.action, ShellCommand) and bool(event.action.exit_code)


def _failed_tool(event: Event) -> bool:
    return isinstance(event.action, ToolResult) and event.action.is_error


def _succeeded(event: Event) -> bool:
    action = event.action
    if isinstance(action, ShellCommand):
        return action.exit_code == 0
    return isinstance(action, ToolResult) and not action.is_error


SCORES = Registry({HEURISTIC: Heuristic, ZERO: Zero}, default=HEURISTIC)
