"""Uncertainty: questions without an answer, turns that were aborted, and the decisions that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from handoff.evidence import Landmark, landmark
from opensession.hail.actions import Action, Custom
from opensession.hail.extract import usable
from opensession.hail.model import Event

ASKED = "interactive_question"
ANSWERED = "interactive"
ABORTED = "turn_aborted"


class Decision(Struct, frozen=True):
    """Something to decide, and the event that shows it."""

    text: str
    landmark: Landmark | None = None


class Decisions:
    """Keeps the questions, the answers and the aborted turns."""

    kinds: tuple[type[Action], ...] = ()

    def __init__(self) -> None:
        self._questions: dict[str, str] = {}
        self._answered: set[str] = set()
        self._aborted: dict[str, None] = {}
        self._first_question: Landmark | None = None
        self._first_abort: Landmark | None = None

    def see(self, event: Event) -> None:
        if isinstance(event.action, Custom) and event.action.kind == ABORTED:
            self._first_abort = self._first_abort or landmark(event)
            self._aborted[usable(event.attributes, "reason") or "turn aborted"] = None
        if "source" in event.attributes:
            self._see_source(event)

    def _see_source(self, event: Event) -> None:
        source = usable(event.attributes, "source")
        if source == ASKED:
            self._first_question = self._first_question or landmark(event)
            self._questions.update(_asked(event.attributes))
        elif source == ANSWERED:
            self._answered.update(_ids(event.attributes))

    def open_questions(self) -> tuple[str, ...]:
        """Return what was asked and never answered, as `id: text`."""
        waiting = (f"{name}: {words}" for name, words in self._questions.items() if name not in self._answered)
        return tuple(dict.fromkeys(waiting))

    def required(self, checks_missing: Iterable[str]) -> tuple[Decision, ...]:
        """Return the decisions that the next agent cannot avoid."""
        return (
            *(Decision(f"Turn aborted: {reason}", self._first_abort) for reason in self._aborted),
            *(Decision(check) for check in checks_missing),
            *(Decision(f"Resolve open question: {words}", self._first_question) for words in self.open_questions()),
        )


def _asked(attributes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return the questions of an event, id and text; the list of bare ids counts only when there is no other."""
    questions = attributes.get("question_meta")
    if not isinstance(questions, list | tuple):
        yield from ((name, name) for name in _ids(attributes))
        return
    for question in questions:
        if isinstance(question, Mapping) and (name := usable(question, "id")):
            yield name, usable(question, "question" if "question" in question else "header") or name


def _ids(attributes: Mapping[str, Any]) -> Iterator[str]:
    names = attributes.get("question_ids")
    for name in names if isinstance(names, list | tuple) else ():
        if isinstance(name, str) and name.strip():
            yield name.strip()
