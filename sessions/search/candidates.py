"""Gather the events that a query is about, newest first, within bounds that keep every search quick."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import F, Q

from opensession.hail.words import words
from sessions.fulltext import Hit, Phrase, Words, engine
from sessions.models import SearchBlock, Strand
from sessions.search.checks import passes
from sessions.search.grammar import SHORTEST_PREFIX, Check, Query
from sessions.search.limits import LIMITS, Limits
from sessions.search.reading import read
from sessions.search.scan import newest_strands, scan
from sessions.search.scope import Grouped, Scope, group

LookUp = Callable[[CursorWrapper, Words, int], list[int]]
"""Gives the newest rows that hold words, so many at most."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """`query` is what was searched for in the end. `note` says how far the search got, if not to the end."""

    found: Grouped
    query: Query
    note: str = ""
    is_all: bool = True


class _Block(NamedTuple):
    """The rows from `first` on and before `stop`."""

    first: int
    stop: int
    first_event: int
    strand: UUID
    session: UUID

    def hit(self, row: int) -> Hit:
        return Hit(self.session, self.strand, self.first_event + row - self.first)


def gather(query: Query, scope: Scope) -> Candidates:
    """Return the hits of a query by session."""
    if not query.words.all_of:
        hits, tried = scan(newest_strands(scope), query.checks, scope.limits)
        return Candidates(scope.grouped(hits), query, _far(tried, "events"), is_all=tried is None)
    query, rows, note = held(query, scope.limits.rows)
    found = _found(query, rows, scope)
    return _checked(found, scope.limits.checked) if query.checks else replace(found, note=found.note or note)


def of_strand(query: Query, strand: Strand, limits: Limits = LIMITS) -> list[int]:
    """Return the numbers of the events of one strand that a query is about, in order."""
    if query.words.all_of:
        hits = [hit for hit in _inside(query.words, strand) if hit.number >= 0]
        return sorted(hit.number for hit in (_passing(hits, query.checks, limits.checked) if query.checks else hits))
    hits, _ = scan([strand], query.checks, limits)
    return sorted(hit.number for hit in hits)


def _inside(words: Words, strand: Strand) -> Iterator[Hit]:
    with connection.cursor() as cursor:
        for block in _blocks(Q(strand=strand)):
            yield from map(block.hit, engine().rows_inside(cursor, words, block.first, block.stop))


def held(query: Query, most: int, look_up: LookUp | None = None) -> tuple[Query, list[int], str]:
    """Return the newest rows that hold the words of a query; or, where none does, words that begin as its last one.

    With what was looked for in the end, and a note if that is not what was asked. Rows are those that `look_up` knows,
    or else those of events.
    """
    look_up = look_up or engine().rows
    with connection.cursor() as cursor:
        if rows := look_up(cursor, query.words, most):
            return query, rows, ""
        if (wider := _wider(query)) and (rows := look_up(cursor, wider.words, most)):
            return wider, rows, _begun(wider.words.all_of[-1])
    return query, [], ""


def _found(query: Query, rows: Sequence[int], scope: Scope) -> Candidates:
    limits = scope.limits
    if len(rows) <= limits.few:
        return Candidates(scope.grouped(_traced(rows)), query)
    newest = scope.newest(limits.sessions + 1)
    shown_in = scope.with_helpers(newest[: limits.sessions])
    blocks = sorted(_blocks(Q(strand__session__among=shown_in, strand__is_live=True)), reverse=True)
    hits, is_far = _in_blocks(query, rows, blocks, limits)
    found = group(hits, shown_in)
    if len(found) < limits.enough:
        found = scope.grouped(_traced(rows[: limits.few])) | found
    if len(newest) > limits.sessions:
        return Candidates(found, query, _far(limits.sessions, "sessions"), is_all=False)
    return Candidates(found, query, "" if is_far else _far(len(rows), "events with these words"), is_all=is_far)


def _traced(rows: Sequence[int]) -> list[Hit]:
    """Return what rows stand for, without those that no strand has any more."""
    with connection.cursor() as cursor:
        return engine().hits(cursor, rows)


def _blocks(condition: Q) -> Iterator[_Block]:
    rows = SearchBlock.objects.filter(condition).annotate(stop=F("first") + F("count"))
    return map(_Block._make, rows.values_list("first", "stop", "first_event", "strand", "strand__session"))


def _in_blocks(query: Query, rows: Sequence[int], blocks: Sequence[_Block], limits: Limits) -> tuple[list[Hit], bool]:
    """Return the newest hits in each block, and whether all sessions were reached. All come newest first."""
    rising, most = rows[::-1], limits.per_block_to_check if query.checks else limits.per_block
    hits = [block.hit(row) for block in blocks for row in _part(rising, block)[-most:][::-1]]
    if len(rows) < limits.rows:
        return hits, True
    reached = {hit.session for hit in hits}
    older = [block for block in blocks if block.first < rising[0] and block.session not in reached]
    # The index gathers all that begins with a prefix each time that it is asked.
    seeks = 0 if any(phrase.is_prefix for phrase in query.words.all_of) else limits.seeks
    return [*hits, *_sought(query.words, older[:seeks], rising[0], most)], len(older) <= seeks


def _part(rows: Sequence[int], block: _Block) -> Sequence[int]:
    return rows[bisect_left(rows, block.first) : bisect_left(rows, block.stop)]


def _sought(words: Words, blocks: Sequence[_Block], before: int, most: int) -> Iterator[Hit]:
    with connection.cursor() as cursor:
        for block in blocks:
            rows = engine().rows_inside(cursor, words, block.first, min(block.stop, before), most)
            yield from map(block.hit, rows)


def _wider(query: Query) -> Query | None:
    """Return the query with its last word as a beginning, or None where that makes no sense."""
    last = query.words.all_of[-1]
    if query.checks or last.is_prefix or len(last.text) < SHORTEST_PREFIX or not last.text[-SHORTEST_PREFIX:].isalnum():
        return None
    all_of = (*query.words.all_of[:-1], Phrase(last.text, is_prefix=True))
    return replace(query, words=replace(query.words, all_of=all_of))


def _checked(candidates: Candidates, most: int) -> Candidates:
    """Keep the hits whose events pass the checks."""
    hits = [hit for own in candidates.found.values() for hit in own]
    passing = set(_passing(hits, candidates.query.checks, most))
    kept = {key: [hit for hit in own if hit in passing] for key, own in candidates.found.items()}
    found = {key: own for key, own in kept.items() if own}
    if len(hits) <= most:
        return replace(candidates, found=found)
    return Candidates(found, candidates.query, _far(most, "events with these words"), is_all=False)


def _passing(hits: Sequence[Hit], checks: Sequence[Check], most: int) -> list[Hit]:
    """Return those of the first `most` hits whose events pass the checks."""
    events = read(hits[:most])
    return [hit for hit, event in events.items() if passes(event, words(event), checks)]


def _far(count: int | None, what: str) -> str:
    return f"Looked at the newest {count:,} {what}; add words or filters to reach older ones." if count else ""


def _begun(phrase: Phrase) -> str:
    return f"No event holds “{phrase.text}” as a whole word; these hold words that begin so."
