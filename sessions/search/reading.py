"""Read the events that hits stand for: many events of many strands, with as few queries as one."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import UUID

import msgspec

from opensession.hail import jsonl
from opensession.hail.model import Event
from parsers.base import Amendment
from sessions import bodies
from sessions.fulltext import Hit
from sessions.models import Amendment as AmendmentRow
from sessions.models import Frame, Strand

logger = logging.getLogger(__name__)

SCAN = 500
"""Events of a strand that are read at once when all of them are wanted."""

_amendment = msgspec.msgpack.Decoder(Amendment).decode


def read(hits: Sequence[Hit]) -> dict[Hit, Event]:
    """Return the events of hits, in order, without what is damaged or gone. A session's own words have no event."""
    wanted: dict[UUID, list[Hit]] = defaultdict(list)
    for hit in hits:
        if hit.number >= 0:
            wanted[hit.strand].append(hit)
    strands = Strand.objects.only("body", "session").in_bulk(wanted)
    patches = _patches(hits)
    found: dict[Hit, Event] = {}
    for frame in _frames(strands, max((hit.number for hit in hits), default=0)):
        own = [hit for hit in wanted[frame.strand_id] if frame.first <= hit.number < frame.first + frame.count]
        found |= _of_frame(strands[frame.strand_id], frame, own, patches)
    return {hit: found[hit] for hit in hits if hit in found}


def newest_first(strand: Strand) -> Iterator[tuple[int, Event]]:
    """Yield all events of a strand, from the last one back."""
    for stop in range(strand.events, 0, -SCAN):
        start = max(0, stop - SCAN)
        try:
            yield from reversed(bodies.window(strand, start, stop - start))
        except bodies.BodyMissing as error:
            logger.warning("%s", error)


def _frames(strands: Iterable[UUID], last: int) -> Iterable[Frame]:
    columns = ("strand", "n", "first", "count", "offset", "length", "data")
    return Frame.objects.filter(strand__in=strands, first__lte=last).only(*columns)


def _patches(hits: Sequence[Hit]) -> Mapping[tuple[UUID, int], list[Amendment]]:
    """Return the amendments of events by strand and number."""
    found: dict[tuple[UUID, int], list[Amendment]] = defaultdict(list)
    rows = AmendmentRow.objects.filter(
        strand__in={hit.strand for hit in hits}, number__in={hit.number for hit in hits}
    ).order_by("pk")
    for strand, number, patch in rows.values_list("strand", "number", "patch"):
        found[strand, number].append(_amendment(bytes(patch)))
    return found


def _of_frame(
    strand: Strand, frame: Frame, hits: Sequence[Hit], patches: Mapping[tuple[UUID, int], list[Amendment]]
) -> dict[Hit, Event]:
    lines = _lines(strand, frame) if hits else []
    found = {}
    for hit in hits:
        line = lines[hit.number - frame.first] if lines else b""
        event = jsonl.event(line) if line else None
        for patch in patches.get((hit.strand, hit.number), ()):
            event = patch.fold(event) if event else None
        if event:
            found[hit] = event
    return found


def _lines(strand: Strand, frame: Frame) -> list[bytes]:
    try:
        return bodies.lines(strand, frame)
    except bodies.BodyMissing as error:
        logger.warning("%s", error)
        return []
