"""Try patterns on the newest events, one by one, within a bound: the index knows whole words only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from opensession.hail.words import words
from sessions.fulltext import Hit
from sessions.models import Strand
from sessions.search.checks import passes
from sessions.search.grammar import Check
from sessions.search.limits import Limits
from sessions.search.reading import newest_first
from sessions.search.scope import Scope

_SESSIONS_AT_ONCE = 50


def scan(strands: Iterable[Strand], checks: Sequence[Check], limits: Limits) -> tuple[list[Hit], int | None]:
    """Return the hits among the newest events, and how many were tried if there are more of them."""
    hits: list[Hit] = []
    tried = size = 0
    for hit, length in (each for strand in strands for each in _tries(strand, checks)):
        if tried == limits.scanned or size >= limits.text:
            return hits, tried
        tried, size = tried + 1, size + length
        if hit:
            hits.append(hit)
    return hits, None


def newest_strands(scope: Scope) -> Iterator[Strand]:
    """Yield the strands of the chosen sessions and their helpers, newest session first."""
    newest = scope.chosen.recent().values_list("pk", flat=True).iterator(chunk_size=_SESSIONS_AT_ONCE)
    while sessions := list(islice(newest, _SESSIONS_AT_ONCE)):
        shown_in = {session: session for session in sessions}
        shown_in |= dict(scope.visible.filter(parent__in=sessions, is_auxiliary=True).values_list("pk", "parent"))
        strands = Strand.objects.filter(session__in=shown_in, is_live=True).only("body", "session", "events")
        yield from sorted(strands, key=lambda strand: sessions.index(shown_in[strand.session_id]))


def _tries(strand: Strand, checks: Sequence[Check]) -> Iterator[tuple[Hit | None, int]]:
    """Yield for every event, newest first, a hit if it passes, and the length of its text."""
    for number, event in newest_first(strand):
        text = words(event)
        fits = passes(event, text, checks)
        yield Hit(strand.session_id, strand.pk, number) if fits else None, len(text)
