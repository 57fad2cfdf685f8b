"""Which strands speak for a session, and its row made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    winners = [max(candidates, key=lambda candidate: candidate.rank) for candidates in rivals.values()]
    _mark_live(winners, rivals.values())
    _load_states([winner.strand for winner in winners if winner.may_be_open])
    facts: dict[UUID, list[StrandFacts]] = {}
    for winner in winners:
        facts.setdefault(winner.strand.session_id, []).append(winner.facts())
    return facts


def _mark_live(winners: Sequence[_Candidate], rivals: Iterable[Sequence[_Candidate]]) -> None:
    won = {winner.strand.pk for winner in winners}
    was_live = {each.strand.pk for candidates in rivals for each in candidates if each.strand.is_live}
    Strand.objects.filter(pk__in=won - was_live).update(is_live=True)
    Strand.objects.filter(pk__in=was_live - won).update(is_live=False)


def _load_states(strands: Sequence[Strand]) -> None:
    """Load the states of parsers, which were left out as they can be long."""
    states = dict(Strand.objects.filter(pk__in=[strand.pk for strand in strands]).values_list("pk", "state"))
    for strand in strands:
        # A session may be removed in the browser at any time.
        strand.state = states.get(strand.pk, b"")


class _Candidate(NamedTuple):
    """A strand that could be the live one of its key; the highest `rank` wins."""

    strand: Strand
    tally: Tally
    rank: tuple[bool, bool, str, bool, int, str]

    @property
    def may_be_open(self) -> bool:
        """Tell whether a log has tasks, or no event that could be given a time yet: nothing else is left open."""
        return "TaskStart" in self.tally.kinds or not self.tally.event_count

    def facts(self) -> StrandFacts:
        """Return what the strand tells about its session, with what closes it when it is read."""
        total = Tally.merged([self.tally])
        for event in bodies.closings(self.strand) if self.may_be_open else ():
            total.add(event)
        strand = self.strand
        return StrandFacts(strand.key, bodies.header(strand), total, strand.kinds, strand.skipped)


def _candidate(strand: Strand) -> _Candidate:
    tally, source = bodies.tally(strand), strand.source
    is_there, path = (not (source.is_missing or strand.is_cut_off), source.path) if source else (False, "")
    # One that is not ready shows only where nothing else of its thread is there. Where a log tells no times, its events
    # have that of the file, which is later than all that happened and says nothing about how far the log goes.
    last = times.key(tally.last) if tally.tells_times else ""
    return _Candidate(strand, tally, (strand.is_ready, tally.tells_times, last, is_there, tally.event_count, path))


def _parent(strands: Sequence[StrandFacts]) -> UUID | None:
    header = chief(strands).header
    parent = header.context.attributes.get("parent_session_id")
    return session_uuid(header.agent.tool, parent) if isinstance(parent, str) and parent else None
