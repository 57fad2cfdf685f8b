"""Where the pages show an event: `/session/{id}/e/{strand}.{number}?id={event_id}`, relative to the site; and links."""

from __future__ import annotations

import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from parsers.base import MAIN
from sessions.models import Frame, Session, Strand

_PLAIN = "/:@"


def address(session: Session, strand: str, number: int, event_id: str = "") -> str:
    known = f"?id={quote(event_id, safe=_PLAIN)}" if event_id else ""
    return f"/session/{session.pk}/e/{quote(strand, safe=_PLAIN)}.{number}{known}"


def share_address(request: HttpRequest, token: str) -> str:
    """Return the whole address of a share link, as people pass it on."""
    path = reverse("shared", args=[token])
    return f"{settings.BASE_URL}{path}" if settings.BASE_URL else request.build_absolute_uri(path)


def addresses(session: Session, event_ids: Iterable[str]) -> dict[str, str]:
    """Return where the pages show the events of a merged session, by id. What is not stored has no address.

    Ids are unique in a strand, and so are their CRC-32: a frame keeps them, so that no event needs to be read.
    """
    strands = {strand.key: strand for strand in session.strands.filter(is_live=True)}
    borders = _borders(session, strands.values())
    wanted: dict[str, dict[int, str]] = defaultdict(dict)
    for event_id in event_ids:
        key, own = _split(event_id, strands)
        wanted[key][zlib.crc32(own.encode("utf-8", "replace"))] = event_id
    stored = {
        event_id: address(session, key, number, _split(event_id, strands)[1])
        for key, marks in wanted.items()
        if key in strands
        for event_id, number in _numbers(strands[key], marks)
    }
    return {event_id: borders[event_id] for event_id in event_ids if event_id in borders} | stored


def _borders(session: Session, strands: Iterable[Strand]) -> dict[str, str]:
    """Return the addresses of the start and the end of each subagent, which merging adds: its first and last event."""
    found = {}
    for strand in strands:
        found[f"{strand.key}-start"] = address(session, strand.key, 0)
        found[f"{strand.key}-end"] = address(session, strand.key, max(0, strand.events - 1))
    return found


def _split(event_id: str, strands: Mapping[str, Strand]) -> tuple[str, str]:
    """Return the strand of an event and its id there; merging puts the key of a subagent before its ids."""
    end = event_id.find(":")
    while end >= 0:
        if (key := event_id[:end]) in strands and key != MAIN:
            return key, event_id[end + 1 :]
        end = event_id.find(":", end + 1)
    return MAIN, event_id


def _numbers(strand: Strand, marks: Mapping[int, str]) -> Iterator[tuple[str, int]]:
    for first, ids in Frame.objects.filter(strand=strand).order_by("n").values_list("first", "ids").iterator():
        for place, mark in enumerate(array("I", bytes(ids))):
            if mark in marks:
                yield marks[mark], first + place
