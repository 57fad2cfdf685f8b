"""Messages and their parts as OpenCode logs them, wherever they are stored (`spec/parsers.md` 2.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from opensession.hail import times
from parsers.fields import mapping, number, text

PARENTS = (
    "parentID",
    "parentId",
    "parent_id",
    "parentUUID",
    "parent_uuid",
    "parentSessionID",
    "parentSessionId",
    "parentSessionUuid",
    "parent_session_uuid",
)


class Part(NamedTuple):
    """A part of a message. `written` is when it was stored, in milliseconds; 0 where the store does not tell."""

    id: str
    data: dict[str, Any]
    written: int = 0

    @property
    def kind(self) -> str:
        return text(self.data, "type")

    @property
    def start(self) -> int:
        return self._time("start") or natural(mapping(self.data, "time"), "created") or self.written

    @property
    def end(self) -> int:
        return self._time("end")

    def _time(self, side: str) -> int:
        own, of_state = mapping(self.data, "time"), mapping(self.data, "state", "time")
        return natural(own, side) or natural(of_state, side)


class Message(NamedTuple):
    """A message with its parts. `record` is what the store calls its rows: the parts are named after it."""

    id: str
    data: dict[str, Any]
    parts: Sequence[Part]
    written: int = 0
    record: str = "part"

    @property
    def role(self) -> str:
        return text(self.data, "role").strip().lower()

    @property
    def start(self) -> int:
        return natural(mapping(self.data, "time"), "created") or self.written

    @property
    def end(self) -> int:
        return natural(mapping(self.data, "time"), "completed") or self.start

    @property
    def model(self) -> str:
        return text(self.data, "modelID", "modelId") or text(self.data.get("model"), "modelID", "id")

    @property
    def provider(self) -> str:
        return text(self.data, "providerID", "providerId") or text(self.data.get("model"), "providerID")


def natural(value: Any, key: str) -> int:
    """Return a whole number that is not negative, 0 where there is none."""
    found = number(value, key)
    return found if found is not None and found > 0 else 0


def moment(milliseconds: int) -> str:
    """Return a time stamp; an empty one for 0, and for what is no time at all."""
    try:
        return times.from_ms(milliseconds) if milliseconds > 0 else ""
    except OverflowError:
        return ""


def in_order(messages: Sequence[Message]) -> list[Message]:
    return sorted(messages, key=lambda message: (message.start, message.id))


def timed(message: Message) -> list[tuple[int, Part]]:
    """Return the parts of a message with their times, in order.

    Ids rise, but those of early versions did not, so times decide. A part without one, such as a patch, comes when all
    with an id before its own were over.
    """
    reached = message.start
    found: list[tuple[int, Part]] = []
    for part in sorted(message.parts, key=lambda part: part.id):
        start = part.start
        found.append((start or reached, part))
        reached = max(reached, start, part.end)
    return sorted(found, key=lambda pair: pair[0])
