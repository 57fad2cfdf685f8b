"""Merge the strands of a session by time, for its HAIL. Works on streams: no strand is ever held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Any

from msgspec.structs import replace

from opensession.hail import times
from opensession.hail.actions import Action, TaskEnd, TaskStart
from opensession.hail.model import Event, text

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Strand:
    """The log of one subagent. `first` and `last` are the time stamps of its first and last event."""

    key: str
    title: str
    model: str
    count: int
    first: str
    last: str
    events: Iterable[Event]


def merged(main: Iterable[Event], subs: Sequence[Strand]) -> Iterator[Event]:
    """Yield all events by time, each subagent as a task of its own.

    A strand is sorted by its running maximum, so that it keeps its own order even where its clock ran backwards.
    At equal times the main strand comes first, then the subagents in the order given.
    """
    streams = [_timed(main), *(_timed(wrapped(strand)) for strand in subs if strand.count)]
    return (event for _, event in merge(*streams, key=_time))


def wrapped(strand: Strand) -> Iterator[Event]:
    """Yield the events of a subagent as those of a task, between its start and its end."""
    marks = {"subagent_id": strand.key, "merged_subagent": True}
    model = {"model": strand.model} if strand.model != UNKNOWN else {}
    yield _border(strand, "start", strand.first, TaskStart(title=strand.title or strand.key), marks | model)
    for event in strand.events:
        yield replace(
            event,
            event_id=f"{strand.key}:{event.event_id}",
            task_id=strand.key,
            attributes=event.attributes | marks,
        )
    end = _border(strand, "end", strand.last, TaskEnd(summary=f"{strand.count} events, {strand.model}"), marks)
    yield replace(end, duration_ms=_milliseconds(strand.first, strand.last))


def _border(strand: Strand, side: str, at: str, action: Action, marks: dict[str, Any]) -> Event:
    return Event(
        event_id=f"{strand.key}-{side}",
        timestamp=at,
        action=action,
        task_id=strand.key,
        content=text(""),
        attributes=marks,
    )


def _milliseconds(first: str, last: str) -> int:
    seconds = (times.instant(last) - times.instant(first)).total_seconds()
    return max(0, int(seconds * 1000))


def _timed(events: Iterable[Event]) -> Iterator[tuple[str, Event]]:
    latest = ""
    for event in events:
        latest = max(latest, times.key(event.timestamp))
        yield latest, event


def _time(timed: tuple[str, Event]) -> str:
    return timed[0]
