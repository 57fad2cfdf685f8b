"""What a reader remembers between two lines. It is stored with the strand, so every part of it is bounded."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

MAX_CALLS = 256
"""Calls that wait for their result. An agent runs a handful at once; what was interrupted never gets one."""

MAX_BILLS = 32
"""Messages whose usage may still grow. The lines of one message follow each other closely."""

MAX_HELD = 64

MAX_CWDS = 64


class Call(Struct, array_like=True, gc=False):
    """A tool call: its native name, the path it names, the number of its event and what its result may add to it."""

    name: str
    path: str | None
    number: int
    wants: str = ""
    replayed: bool = False


class Last(Struct, array_like=True, gc=False):
    """The most recent tool call: the partner of a result that names no known call."""

    name: str = "unknown"
    path: str | None = None
    id: str | None = None


class Bill(Struct, array_like=True, gc=False):
    """The tokens of one message: input, output, cache read, cache written.

    `number` is that of the event that carries them, -1 while the message gave no event yet.
    """

    number: int = -1
    counts: tuple[int, int, int, int] = (0, 0, 0, 0)


class Held(Struct, array_like=True):
    """An event without a time of its own, at the top of a log: it waits for the first time."""

    event_id: str
    words: str
    attributes: dict[str, Any]


class Turn(Struct, gc=False):
    """What the events of one line share; never stored. `at` is empty while the log has shown no time yet."""

    uuid: str
    at: str
    marks: dict[str, Any]

    @property
    def is_replayed(self) -> bool:
        return "replayed" in self.marks


class State(Struct):
    """Facts of the session, first value seen wins except for titles, and what is still open."""

    records: int = 0
    session: str | None = None
    side: bool | None = None
    agent: str | None = None
    slug: str | None = None
    forked_from: str | None = None
    version: str | None = None
    model: str | None = None
    branch: str | None = None
    cwds: list[str] = field(default_factory=list)
    custom_title: str | None = None
    ai_title: str | None = None
    first_text: str | None = None
    created: str | None = None
    updated: str | None = None
    last: Last = field(default_factory=Last)
    calls: dict[str, Call] = field(default_factory=dict)
    bills: dict[str, Bill] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)

    def waits(self, call_id: str, call: Call) -> None:
        """Remember a call until its result comes."""
        self.calls[call_id] = call
        if len(self.calls) > MAX_CALLS:
            del self.calls[next(iter(self.calls))]

    def bill(self, key: str) -> Bill:
        """Return the bill of a message, a new one at first."""
        bill = self.bills.get(key)
        if bill is None:
            bill = self.bills[key] = Bill()
            if len(self.bills) > MAX_BILLS:
                del self.bills[next(iter(self.bills))]
        return bill
