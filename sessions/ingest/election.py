"""Which strands speak for a session, and its row made of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from opensession.hail import times
from opensession.hail.stats import Tally
from sessions import bodies
from sessions.ingest.rows import StrandFacts, chief, session_row
from sessions.ingest.sources import mark_sessions
from sessions.ingest.upsert import upsert
from sessions.models import Session, Strand, session_uuid


class Stored(NamedTuple):
    """The sessions that a batch created, changed, and left without any strand."""

    new: set[UUID]
    updated: set[UUID]
    gone: set[UUID]


def settle(read: set[UUID], changed: set[UUID], now: datetime) -> Stored:
    """Write the rows of the sessions that were read, and of others whose strands changed."""
    facts = _elected(read | changed)
    gone = (read | changed) - set(facts)
    Session.objects.filter(pk__in=gone).delete()
    known = set(Session.objects.filter(pk__in=facts).values_list("pk", flat=True))
    upsert(Session, [session_row(one, strands, _parent(strands), now) for one, strands in facts.items()])
    if others := changed - read - gone:
        mark_sessions(Session.objects.filter(pk__in=others))
    return Stored(new=set(facts) - known, updated=known, gone=gone)


def _elected(sessions: set[UUID]) -> dict[UUID, list[StrandFacts]]:
    """Let the best strand of each key be the live one, and return what the live strands tell about their sessions."""
    strands = (
        Strand.objects.filter(session__in=sessions).select_related("source").defer("state", "shapes").order_by("key")
    )
    rivals: dict[tuple[UUID, str], list[_Candidate]] = {}
    for strand in strands:
        rivals.setdefault((strand.session_id, strand.key), []).append(_candidate(strand))
    facts: dict[UUID, list[StrandFacts]] = {}
    live, beaten = set(), set()
    for (session, _), candidates in rivals.items():
        winner = max(candidates, key=lambda candidate: candidate.rank)
        live |= {winner.strand} - {each.strand for each in candidates if each.is_live}
        beaten |= {each.strand for each in candidates if each.is_live} - {winner.strand}
        facts.setdefault(session, []).append(winner.facts)
    Strand.objects.filter(pk__in=live).update(is_live=True)
    Strand.objects.filter(pk__in=beaten).update(is_live=False)
    return facts


class _Candidate(NamedTuple):
    """A strand that could be the live one of its key; the highest `rank` wins."""

    strand: UUID
    is_live: bool
    rank: tuple[bool, bool, str, bool, int, str]
    facts: StrandFacts


def _candidate(strand: Strand) -> _Candidate:
    tally, source = bodies.tally(strand), strand.source
    is_there, path = (not (source.is_missing or strand.is_cut_off), source.path) if source else (False, "")
    # One that is not ready shows only where nothing else of its thread is there. Where a log tells no times, its events
    # have that of the file, which is later than all that happened and says nothing about how far the log goes.
    last = times.key(tally.last) if tally.tells_times else ""
    rank = (strand.is_ready, tally.tells_times, last, is_there, tally.event_count, path)
    facts = StrandFacts(strand.key, bodies.header(strand), _closed(strand, tally), strand.kinds, strand.skipped)
    return _Candidate(strand.pk, strand.is_live, rank, facts)


def _closed(strand: Strand, tally: Tally) -> Tally:
    """Count what closes open tasks too: whoever reads the session sees it."""
    # What was replayed from a parent session is not among the tasks that are active.
    if tally.active or tally.kinds.get("TaskStart", 0) > tally.kinds.get("TaskEnd", 0):
        for event in bodies.closings(strand):
            tally.add(event)
    return tally


def _parent(strands: Sequence[StrandFacts]) -> UUID | None:
    header = chief(strands).header
    parent = header.context.attributes.get("parent_session_id")
    return session_uuid(header.agent.tool, parent) if isinstance(parent, str) and parent else None
