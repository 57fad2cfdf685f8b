"""What a handoff states, and the events behind each statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from handoff.model import Citation, Ground

MOST_EVENTS = 5


class Stated(NamedTuple):
    """A sentence of the handoff, and the ids of its events; advice that the session does not give has none."""

    words: str
    events: tuple[str, ...] = ()


def stated(words: str, *events: str | None) -> Stated:
    return Stated(words, tuple(event for event in events if event is not None))


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
    ids = dict.fromkeys(claim.events[:MOST_EVENTS])
    return Ground(claim=pointer, events=tuple(Citation(event_id=each) for each in ids))
