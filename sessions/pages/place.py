"""Where a reader is in a session: the query string as a value, and the address of an event."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from parsers.base import MAIN
from sessions import bodies
from sessions.models import Frame, Session
from sessions.pages.timeline import hidden_keys


@dataclass(frozen=True, slots=True)
class Place:
    """Which part of a session a reader looks at: the query string as a value.

    A window begins at event `first`, or ends before event `before`; -1 stands for the end of the thread.
    """

    strand: str = ""
    first: int = 0
    before: int | None = None
    hidden: str = ""
    search: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Place:
        before = query.get("before", "")
        return cls(
            strand=query.get("strand", ""),
            first=_number(query.get("from", "")) or 0,
            before=-1 if before == "end" else _number(before),
            hidden=hidden_keys(query.get("hide", "")),
            search=query.get("search", "").strip()[:500],
        )

    def query(self, **changes: object) -> str:
        """Return the query string with some values changed; what is the default is left out."""
        place = replace(self, **changes)  # type: ignore[arg-type]  # Callers name fields.
        before = "end" if place.before == -1 else place.before
        named = {
            "strand": "" if place.strand == MAIN else place.strand,
            "from": place.first if place.before is None else 0,
            "before": before,
            "hide": place.hidden,
            "search": place.search,
        }
        query = urlencode({name: value for name, value in named.items() if value})
        return f"?{query}" if query else ""

    @property
    def is_side(self) -> bool:
        return self.strand != MAIN


def located(session: Session, key: str, number: int, event_id: str) -> int | None:
    """Return where in a strand the event with this id is now; it was `number` once. None when it is not there."""
    strand = session.strands.filter(is_live=True, key=key).first()
    if strand is None or number >= strand.events:
        return None
    found = bodies.window(strand, number, 1)
    if not event_id or (found and found[0][1].event_id == event_id):
        return number
    mark = zlib.crc32(event_id.encode())
    for first, ids in Frame.objects.filter(strand=strand).order_by("n").values_list("first", "ids"):
        for at in _places(array("I", bytes(ids)), mark):
            if any(event.event_id == event_id for _, event in bodies.window(strand, first + at, 1)):
                return int(first + at)
    return None


def _places(marks: Sequence[int], mark: int) -> Iterator[int]:
    return (at for at, each in enumerate(marks) if each == mark)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
