"""The window of a strand that a page shows. Its cost depends on the window, never on the length of the session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from opensession.hail import actions
from opensession.hail.extract import call_id, pairs
from opensession.hail.model import Event
from sessions import bodies
from sessions.models import Frame, Strand
from sessions.pages.kinds import GROUPS, group_of
from sessions.pages.layout import FrameFacts, layout

Numbered = tuple[int, Event]

WINDOW = 100
"""Events per window. A hundred fill several screens, and more would make long sessions open slower than short ones."""

LOOK_AROUND = 40
"""How far a result may lie from its call to be shown inside it, whichever window the two fall into."""

MOST_FRAMES = 16
"""So many frames are opened for one window of filtered events; the reader goes on from there."""


class Wanted(Protocol):
    """Which events a reader asked for."""

    def in_frame(self, frame: FrameFacts) -> bool: ...

    def event(self, number: int, event: Event) -> bool: ...


@dataclass(frozen=True, slots=True)
class ByGroup:
    """Leave out the groups of event types with the keys in `hidden`."""

    hidden: str

    def in_frame(self, frame: FrameFacts) -> bool:
        return any(group_of(kind).key not in self.hidden for kind in frame.kinds)

    def event(self, number: int, event: Event) -> bool:
        return group_of(type(event.action).__name__).key not in self.hidden


@dataclass(frozen=True, slots=True)
class ByNumber:
    """Keep the events that a search found."""

    numbers: frozenset[int]
    hidden: str = ""

    def in_frame(self, frame: FrameFacts) -> bool:
        return not self.numbers.isdisjoint(range(frame.first, frame.stop))

    def event(self, number: int, event: Event) -> bool:
        return number in self.numbers and group_of(type(event.action).__name__).key not in self.hidden


@dataclass(frozen=True, slots=True)
class Window:
    """The events from `first` up to `stop`, and beside them what lies around: a call's result may be there."""

    first: int
    stop: int
    seen: Sequence[Numbered]

    def answers(self) -> dict[int, Numbered]:
        """Return the result of every call that has one nearby, by the number of the call."""
        seen = self.seen
        found = ((seen[call][0], seen[result]) for call, result in _pairs([event for _, event in seen]).items())
        return {call: result for call, result in found if 0 < result[0] - call <= LOOK_AROUND}


def forward(strand: Strand, first: int, wanted: Wanted | None) -> Window:
    """Return the window that begins at event `first`."""
    first = max(0, min(first, strand.events))
    if wanted is None:
        stop = min(first + WINDOW, strand.events)
        return Window(first, stop, _around(strand, first, stop))
    chosen = [frame for frame in layout(strand) if frame.stop > first and wanted.in_frame(frame)]
    seen, found = [], 0
    for number, event in _opened(strand, chosen[:MOST_FRAMES]):
        seen.append((number, event))
        if number >= first and wanted.event(number, event):
            found += not _is_result(event)
            if found == WINDOW:
                return Window(first, number + 1, seen + _around(strand, number + 1, number + 1 + LOOK_AROUND, 0))
    stop = chosen[MOST_FRAMES].first if len(chosen) > MOST_FRAMES else strand.events
    return Window(first, stop, seen)


def backward(strand: Strand, stop: int, wanted: Wanted | None) -> Window:
    """Return the window that ends before event `stop`."""
    stop = max(0, min(stop, strand.events))
    if wanted is None:
        first = max(0, stop - WINDOW)
        return Window(first, stop, _around(strand, first, stop))
    chosen = [frame for frame in reversed(layout(strand)) if frame.first < stop and wanted.in_frame(frame)]
    seen: list[Numbered] = []
    found = 0
    for frame in chosen[:MOST_FRAMES]:
        events = list(_opened(strand, [frame]))
        seen = events + seen
        for number, event in reversed(events):
            if number < stop and wanted.event(number, event):
                found += not _is_result(event)
                if found == WINDOW:
                    return Window(number, stop, seen)
    return Window(chosen[MOST_FRAMES].stop if len(chosen) > MOST_FRAMES else 0, stop, seen)


def has_wanted(strand: Strand, wanted: Wanted | None, first: int, stop: int) -> bool:
    """Tell whether anything may be left to show from `first` up to `stop`."""
    if first >= stop:
        return False
    return wanted is None or any(
        frame.first < stop and frame.stop > first and wanted.in_frame(frame) for frame in layout(strand)
    )


def hidden_keys(text: str) -> str:
    """Return the keys of the groups named in `text`, each once, in their order."""
    return "".join(group.key for group in GROUPS if group.key in text)


def _around(strand: Strand, first: int, stop: int, before: int = LOOK_AROUND) -> list[Numbered]:
    start = max(0, first - before)
    return bodies.window(strand, start, stop + LOOK_AROUND - start)


def _opened(strand: Strand, chosen: Sequence[FrameFacts]) -> Iterator[Numbered]:
    wanted = Frame.objects.filter(strand=strand, n__in=[frame.n for frame in chosen]).order_by("n")
    return bodies.in_frames(strand, wanted)


def _is_result(event: Event) -> bool:
    return isinstance(event.action, actions.ToolResult)


def _pairs(events: Sequence[Event]) -> dict[int, int]:
    """Return, for the index of every call that has a result, the index of that result.

    `extract.pairs` knows the calls of tools; files, commands and searches have results too, by their call ids.
    """
    results: dict[str, int] = {}
    for index, event in enumerate(events):
        if _is_result(event) and (identity := call_id(event)):
            results.setdefault(identity, index)
    found = pairs(events)
    for index, event in enumerate(events):
        if group_of(type(event.action).__name__).key in "34" and not _is_result(event):
            result = results.get(call_id(event) or "")
            if result is not None:
                found.setdefault(index, result)
    return found
