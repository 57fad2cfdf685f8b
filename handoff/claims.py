"""What a handoff states, and the events behind each statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from handoff.evidence import Landmark
from handoff.model import Citation, Ground

MOST_EVENTS = 5


class Stated(NamedTuple):
    """A sentence of the handoff; no events stand behind advice that the session itself does not give."""

    words: str
    events: tuple[Landmark, ...] = ()


def stated(words: str, *events: Landmark | None) -> Stated:
    return Stated(words, tuple(event for event in events if event))


def unique(statements: Iterable[Stated]) -> tuple[Stated, ...]:
    """Return the statements, each sentence once, where it came first."""
    found: dict[str, Stated] = {}
    for each in statements:
        found.setdefault(each.words, each)
    return tuple(found.values())


def words(statements: Iterable[Stated]) -> tuple[str, ...]:
    return tuple(each.words for each in statements)


def grounds(lists: Mapping[str, Sequence[Stated]]) -> tuple[Ground, ...]:
    """Return the grounds of the statements, `lists` being named by JSON pointers (RFC 6901)."""
    return tuple(ground for pointer, statements in lists.items() for ground in _grounds(pointer, statements))


def _grounds(pointer: str, statements: Sequence[Stated]) -> Iterator[Ground]:
    for place, each in enumerate(statements):
        if each.events:
            yield ground(f"{pointer}/{place}", each)


def ground(pointer: str, claim: Stated) -> Ground:
    ids = dict.fromkeys(event.event_id for event in claim.events[:MOST_EVENTS])
    return Ground(claim=pointer, events=tuple(Citation(event_id=each) for each in ids))
