"""How a strand's events lie in frames, and what the flow bar tells of them. Kept in memory: frames rarely change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import msgspec

from sessions import bodies
from sessions.models import Frame, Strand
from sessions.pages.kinds import FLOWS, flow_of

COLUMNS = 120
EXACT_FRAMES = 4
"""So many frames are opened for the flow bar; a longer strand is drawn from the counts of its frames."""


@dataclass(frozen=True, slots=True)
class FrameFacts:
    n: int
    first: int
    count: int
    kinds: dict[str, int]

    @property
    def stop(self) -> int:
        return self.first + self.count


@dataclass(frozen=True, slots=True)
class FlowPath:
    """The drawing of one kind of events, in units of one column and one percent."""

    flow: str
    count: int
    path: str


class _Type(msgspec.Struct):
    type: str


class _Line(msgspec.Struct):
    event_type: _Type


_decode = msgspec.json.Decoder(_Line).decode


def layout(strand: Strand) -> tuple[FrameFacts, ...]:
    return _layout(strand.pk, strand.consumed, strand.events)


def kinds(strand: Strand) -> Counter[str]:
    """Return the number of events per type."""
    return _kinds(strand.pk, strand.consumed, strand.events)


def flow(strand: Strand) -> tuple[FlowPath, ...]:
    """Return the flow bar: how the kinds of events are spread over the strand."""
    return _flow(strand.pk, strand.consumed, strand.events)


# What a strand consumed and holds is part of the key, so that an entry is never stale.
@lru_cache(maxsize=64)
def _layout(strand: UUID, consumed: int, events: int) -> tuple[FrameFacts, ...]:
    rows = Frame.objects.filter(strand=strand).order_by("n").values_list("n", "first", "count", "kinds")
    return tuple(FrameFacts(*row) for row in rows)


@lru_cache(maxsize=256)
def _kinds(strand: UUID, consumed: int, events: int) -> Counter[str]:
    total: Counter[str] = Counter()
    for frame in _layout(strand, consumed, events):
        total.update(frame.kinds)
    return total


@lru_cache(maxsize=256)
def _flow(strand: UUID, consumed: int, events: int) -> tuple[FlowPath, ...]:
    known = _layout(strand, consumed, events)
    spans = _spans(strand, known)
    totals: Counter[str] = Counter()
    for span in spans:
        totals.update(span)
    paths = _drawn(_columns(spans, totals.total()))
    return tuple(FlowPath(name, totals[name], "".join(paths[name])) for name in FLOWS)


def _spans(strand: UUID, known: Sequence[FrameFacts]) -> list[Counter[str]]:
    """Return the kinds along the strand: event by event, or frame by frame where that would cost or cannot be."""
    if len(known) <= EXACT_FRAMES:
        with suppress(bodies.BodyMissing):
            return list(_exact(strand))
    return [_by_flow(frame.kinds) for frame in known]


def _exact(strand: UUID) -> Iterator[Counter[str]]:
    """Yield the kind of every event, in order."""
    row = Strand.objects.get(pk=strand)
    for frame in Frame.objects.filter(strand=strand).order_by("n"):
        for line in bodies.lines(row, frame):
            if line:
                yield Counter([flow_of(_decode(line).event_type.type)])


def _by_flow(kinds: dict[str, int]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for kind, count in kinds.items():
        counts[flow_of(kind)] += count
    return counts


def _columns(spans: Sequence[Counter[str]], total: int) -> list[dict[str, float]]:
    """Return the share of each kind per column. A span is mixed evenly, and may reach over many columns."""
    columns: list[dict[str, float]] = [dict.fromkeys(FLOWS, 0.0) for _ in range(min(total, COLUMNS))]
    end = 0.0
    for span in spans:
        start, end = end, end + span.total() * len(columns) / total
        for x in range(int(start), min(len(columns), int(end - 1e-9) + 1)):
            inside = min(end, x + 1) - max(start, x)
            for name, count in span.items():
                columns[x][name] += inside * count / span.total()
    return columns


def _drawn(columns: Sequence[dict[str, float]]) -> dict[str, list[str]]:
    """Return the path of each kind: columns of equal width, 100 high, whose parts stand on each other."""
    paths: dict[str, list[str]] = {name: [] for name in FLOWS}
    for x, column in enumerate(columns):
        top, whole = 0.0, sum(column.values()) or 1
        for name in FLOWS:
            if height := round(column[name] * 100 / whole, 1):
                paths[name].append(f"M{x} {top:g}h1v{height:g}h-1z")
                top += height
    return paths
