"""Evidence: which event supports a claim of the handoff."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from handoff.model import MAIN, Evidence
from opensession.hail import times
from opensession.hail.actions import Custom, UnknownAction
from opensession.hail.extract import usable
from opensession.hail.model import Event


class Landmark(Struct, frozen=True):
    """What evidence needs of an event, so that the event itself need not be kept."""

    event_id: str
    timestamp: str
    source_type: str
    group: str


class Claim(Struct, frozen=True):
    text: str
    landmark: Landmark


def landmark(event: Event) -> Landmark:
    return Landmark(event.event_id, times.offset_form(event.timestamp), _source_type(event), group_of(event))


def group_of(event: Event) -> str:
    """Return the id of the work package that `event` belongs to."""
    if event.task_id and (task := event.task_id.strip()):
        return task
    return usable(event.attributes, "semantic.group_id") or MAIN


def _source_type(event: Event) -> str:
    return usable(event.attributes, "source.raw_type") or _variant(event)


def _variant(event: Event) -> str:
    match event.action:
        case Custom(kind=kind):
            return f"Custom:{kind}"
        case UnknownAction(name=name):
            return name
        case action:
            return type(action).__name__


def evidence(claims: Sequence[Claim]) -> tuple[Evidence, ...]:
    """Return one numbered item per claim."""
    return tuple(
        Evidence(
            claim=claim.text,
            event_id=claim.landmark.event_id,
            id=_id(number),
            source_type=claim.landmark.source_type,
            timestamp=claim.landmark.timestamp,
        )
        for number, claim in enumerate(claims, 1)
    )


def references(claims: Sequence[Claim]) -> dict[str, list[str]]:
    """Return, per work package, the ids of the evidence that its events give."""
    found: dict[str, list[str]] = {}
    for number, claim in enumerate(claims, 1):
        found.setdefault(claim.landmark.group, []).append(_id(number))
    return found


def _id(number: int) -> str:
    return f"evidence-{number}"
