"""What is known of a Junie session while its log is read, and how its steps are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar
from zlib import crc32

from msgspec import Struct, field

from opensession.hail.actions import Action
from opensession.hail.model import Content, Text
from parsers.base import Amendment
from parsers.fields import mapping, text
from parsers.transcript import At, Facts, Transcript

Record = dict[str, Any]
V = TypeVar("V")

MOST_STEPS = 2_048
"""Steps that are remembered. A task tells all of its blocks once more when it is over."""
MOST_TOLD = 256
"""Prompts, models and agents that are remembered."""

RUNNING = frozenset({"IN_PROGRESS", "STARTED"})
FAILED = frozenset({"FAILED", "CANCELED", "REJECTED"})


class Step(Struct, array_like=True, gc=False):
    """A step: the number of its message and the CRC-32 of its words, or how many calls it made and whether they end."""

    number: int = -1
    words: int = 0
    calls: int = 0
    is_over: bool = False


class JunieFacts(Facts):
    """`prompts` holds the events of the user's prompts by their ids, `models` how many tokens each model gave,
    `agents` the tasks that subagents work on."""

    steps: dict[str, Step] = field(default_factory=dict)
    prompts: dict[str, int] = field(default_factory=dict)
    models: dict[str, int] = field(default_factory=dict)
    agents: dict[str, str] = field(default_factory=dict)
    is_named: bool = False


class Use(NamedTuple):
    """One call of a step."""

    name: str
    arguments: Any
    action: Action | None = None


class Session:
    """Writes what the events of a session tell."""

    def __init__(self, to: Transcript, facts: JunieFacts) -> None:
        self.to, self.facts = to, facts

    @property
    def made(self) -> int:
        """How many events and amendments there are by now."""
        return len(self.to.out.events) + len(self.to.out.amendments)

    @property
    def last(self) -> int:
        """The number of the last event."""
        return self.to.out.first + len(self.to.out.events) - 1

    def lane(self, event: Record) -> str | None:
        """Return the task of the subagent that an event is from, None for the main agent."""
        agent = mapping(event, "agent")
        if text(agent, "kind") in ("", "MainAgent"):
            return None
        tasks, own = self.facts.agents, text(agent, "id")
        return tasks.get(own) or tasks.get(text(agent, "name")) or own or None

    def step(self, kind: str, at: At) -> Step:
        """Return what is known of the step that an event tells of; one without an id stands for itself."""
        return self.facts.steps.get(f"{kind}:{at.group}") or Step()

    def remember(self, kind: str, at: At, step: Step) -> None:
        if at.group:
            bounded(self.facts.steps, f"{kind}:{at.group}", step, MOST_STEPS)

    def say(self, kind: str, action: Action, words: str, at: At) -> None:
        """Write the words of a step, or in their place the ones that it has now."""
        step, words = self.step(kind, at), words.strip()
        mark = crc32(words.encode("utf-8", "replace"))
        if not words or (step.number >= 0 and step.words == mark):
            return
        content = Content(blocks=(Text(text=words),))
        if step.number >= 0:
            self.to.out.amend(Amendment(step.number, content=content))
        else:
            step = Step(self.to.emit(action, content, at, at.group and f"{at.group}-{kind}"))
        self.remember(kind, at, Step(step.number, mark))

    def use(self, event: Record, uses: Sequence[Use], words: str, at: At, exit_code: int | None = None) -> None:
        """Write the calls of a step when it is first told of, and their results when it is over."""
        step, status = self.step("use", at), text(event, "status")
        if not step.calls:
            for place, (name, arguments, action) in enumerate(uses):
                self.to.call(name, arguments, at, _call_id(at, place), action=action)
            step = Step(calls=len(uses))
        if status not in RUNNING and not step.is_over:
            shown = words or (status.lower() if status in FAILED else "")
            for place in range(step.calls):
                told = "" if place else shown
                self.to.result(told, at, _call_id(at, place), is_error=status in FAILED, exit_code=exit_code)
            step.is_over = step.calls > 0
        self.remember("use", at, step)


def _call_id(at: At, place: int) -> str:
    return f"{at.group}-{place + 1}" if at.group and place else at.group


def bounded(table: dict[str, V], key: str, value: V, most: int = MOST_TOLD) -> None:
    """Set an entry; the oldest one goes when there are too many."""
    table[key] = value
    if len(table) > most:
        del table[next(iter(table))]
