"""What was said: the words of the user, and the answers of the agent."""

from __future__ import annotations

from typing import TypeVar

from handoff.evidence import Landmark, landmark
from handoff.model import Exchange
from opensession.hail.actions import AgentMessage, UserMessage
from opensession.hail.extract import collapse, condense, truncate, user_text
from opensession.hail.model import Event

T = TypeVar("T")

MESSAGE_BYTES = 240
MESSAGE_HEAD, MESSAGE_TOTAL = 3, 18
EXCHANGE_BYTES = 300
EXCHANGE_HEAD, EXCHANGE_TOTAL = 2, 12
SLACK = 4


class Messages:
    """Keeps the ends of the conversation. `first` is the first user message, `words` the first that say something."""

    kinds = (UserMessage, AgentMessage)

    def __init__(self) -> None:
        self.first: Landmark | None = None
        self.words = ""
        self._said: list[str] = []
        self._exchanges: list[tuple[str, str]] = []
        self._open = ""

    def see(self, event: Event) -> None:
        if isinstance(event.action, UserMessage):
            self._ask(event)
        else:
            self._answer(event)

    def _ask(self, event: Event) -> None:
        self.first = self.first or landmark(event)
        self._open = user_text(event)
        if self._open:
            self.words = self.words or self._open
            _append(self._said, self._open, MESSAGE_HEAD, MESSAGE_TOTAL)

    def _answer(self, event: Event) -> None:
        if self._open and (answer := user_text(event)):
            _append(self._exchanges, (self._open, answer), EXCHANGE_HEAD, EXCHANGE_TOTAL)
        self._open = ""

    def said(self) -> tuple[str, ...]:
        """Return the first and the last user messages, each on one line."""
        ends = condense(self._said, MESSAGE_HEAD, MESSAGE_TOTAL)
        return tuple(truncate(collapse(words), MESSAGE_BYTES) for words in ends)

    def exchanges(self) -> tuple[Exchange, ...]:
        """Return the first and the last messages that were answered at once, with the answers."""
        ends = condense(self._exchanges, EXCHANGE_HEAD, EXCHANGE_TOTAL)
        return tuple(
            Exchange(agent=truncate(answer, EXCHANGE_BYTES), user=truncate(words, EXCHANGE_BYTES))
            for words, answer in ends
        )


def _append(items: list[T], item: T, head: int, total: int) -> None:
    """Append `item`, and forget the middle now and then, so that a long session needs no more room than a short one."""
    items.append(item)
    if len(items) > SLACK * total:
        items[:] = condense(items, head, total)
