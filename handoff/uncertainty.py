"""Uncertainty: questions without an answer, turns that were aborted, and the decisions that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from handoff.calls import given, plain
from handoff.claims import Stated, stated, unique
from handoff.evidence import Claim, Landmark, landmark
from opensession.hail.actions import Action, Custom, ToolCall, ToolResult, UserMessage
from opensession.hail.extract import call_id, collapse, truncate, usable
from opensession.hail.model import Event

ASKED = "interactive_question"
ANSWERED = "interactive"
ABORTED = "turn_aborted"
QUESTION_BYTES = 300
_RESOLVE = "Resolve open question: "

ASKING = frozenset(
    {"askuserquestion", "requestuserinput", "askuser", "askfollowupquestion", "question", "askquestion", "askquestions"}
)
"""Calls that put a question to the user, by their plain names. They wait for a result or words."""


class Decisions:
    """Keeps the questions, the answers and the aborted turns.

    A question is known by its id, or asked through a call whose result has not come yet.
    """

    kinds: tuple[type[Action], ...] = ()

    def __init__(self) -> None:
        self._questions: dict[str, tuple[str, Landmark]] = {}
        self._answered: set[str] = set()
        self._calls: dict[str, tuple[tuple[str, Landmark], ...]] = {}
        self._aborted: dict[str, None] = {}
        self._first_question: Landmark | None = None
        self._first_abort: Landmark | None = None

    def see(self, event: Event) -> None:
        match event.action:
            case Custom(kind=kind) if kind == ABORTED:
                self._first_abort = self._first_abort or landmark(event)
                self._aborted[usable(event.attributes, "reason") or "turn aborted"] = None
            case ToolCall(name=name) if plain(name) in ASKING:
                asked = landmark(event)
                self._calls[call_id(event) or event.event_id] = tuple((words, asked) for words in _called(event))
            case ToolResult() if self._calls:
                self._calls.pop(call_id(event) or "", None)
            case UserMessage() if not event.attributes.get("merged_subagent"):
                self._calls.clear()
        if "source" in event.attributes:
            self._see_source(event)

    def _see_source(self, event: Event) -> None:
        source = usable(event.attributes, "source")
        if source == ASKED:
            shown = landmark(event)
            self._first_question = self._first_question or shown
            for name, words in _asked(event.attributes):
                first = self._questions.get(name)
                self._questions[name] = (words, first[1] if first else shown)
        elif source == ANSWERED:
            self._answered.update(_ids(event.attributes))

    def open_questions(self) -> tuple[Stated, ...]:
        """Return what was asked and never answered, as `id: text`; a question of a call has no id."""
        return tuple(stated(words, shown.event_id) for words, shown in self._open().items())

    def _open(self) -> dict[str, Landmark]:
        waiting = {
            f"{name}: {words}": shown for name, (words, shown) in self._questions.items() if name not in self._answered
        }
        asked = chain.from_iterable(self._calls.values())
        return waiting | {words: shown for words, shown in asked if words not in waiting}

    def required(self, checks_missing: Iterable[Stated]) -> tuple[Stated, ...]:
        """Return the decisions that the next agent cannot avoid."""
        own = [stated(claim.text, claim.landmark.event_id) for claim in self._abortions()]
        asked = [stated(f"{_RESOLVE}{words}", shown.event_id) for words, shown in self._open().items()]
        return unique((*own, *checks_missing, *asked))

    def proved(self) -> tuple[Claim, ...]:
        """Return the decisions that the evidence lists: each with the first event of its kind."""
        asked = self._open().items()
        return (
            *self._abortions(),
            *(Claim(f"{_RESOLVE}{words}", self._first_question or shown) for words, shown in asked),
        )

    def _abortions(self) -> list[Claim]:
        first = self._first_abort
        return [Claim(f"Turn aborted: {reason}", first) for reason in self._aborted] if first else []


def _called(event: Event) -> Iterator[str]:
    """Return the questions of a call."""
    data = given(event)
    asked = data.get("questions") if isinstance(data, Mapping) else None
    for question in asked if isinstance(asked, list) else [data]:
        words = usable(question, "question") if isinstance(question, Mapping) else None
        if words:
            yield truncate(collapse(words), QUESTION_BYTES)


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
