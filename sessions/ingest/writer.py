"""Store increments: one transaction for a batch, bodies first, so that a crash leaves whole steps only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from sessions import bodies, fulltext
from sessions.ingest import rawstore
from sessions.ingest.election import Stored, settle
from sessions.ingest.frames import Packed
from sessions.ingest.reword import drop_words
from sessions.ingest.sources import keep_only
from sessions.ingest.upsert import upsert
from sessions.ingest.work import Contents, Failure, Increment, Made, Stat
from sessions.models import (
    Amendment,
    Frame,
    RawCopy,
    SearchBlock,
    SearchCounter,
    Source,
    Strand,
    Tombstone,
    session_uuid,
    source_uuid,
    strand_uuid,
)

_encode = msgspec.msgpack.Encoder(order="deterministic").encode


class Step(NamedTuple):
    """An increment and the source that it was read from.

    `holds_old` tells that this still holds, for certain, what older generations of it gave.
    """

    tool: str
    path: str
    source: UUID
    parser_version: int
    holds_old: bool
    increment: Increment


class _Placed(NamedTuple):
    """A step and the rows that it goes to. `former` is the session that the strand belonged to until then."""

    step: Step
    session: UUID
    strand: UUID
    former: UUID

    @property
    def made(self) -> Made:
        return self.step.increment.made

    @property
    def body(self) -> str:
        return f"{self.strand.hex[:2]}/{self.strand.hex}.zst"


class Writer:
    """Stores batches of steps. Holds the clock."""

    def __init__(self, clock: Callable[[], datetime] = timezone.now) -> None:
        self._clock = clock

    def store(self, steps: Sequence[Step]) -> Stored:
        """Store the steps: all of them or none. Raises OSError or DatabaseError with nothing half-written."""
        # A session may be removed in the browser at any time: only inside the transaction is it known what is wanted.
        with transaction.atomic():
            fresh, late = _advance(_wanted(steps))
            bodies.append([piece for placed in fresh for piece in _pieces(placed)])
            _write_sources(steps, late={placed.step.source for placed in late})
            _write_frames(fresh)
            _write_words(fresh)
            _write_raw(fresh)
            cut_off = _cut_off(fresh)
            replaced, dropped = _retire(fresh)
            former = {placed.former for placed in fresh}
            stored = settle({placed.session for placed in fresh}, former | cut_off | replaced, self._clock())
        bodies.delete(dropped)
        return stored


def _wanted(steps: Sequence[Step]) -> list[_Placed]:
    """Return the steps that have a session: not a removed one, and not a log without a single event."""
    names = {step.increment.made.header.session_id for step in steps}
    tombstones = Tombstone.objects.filter(origin="indexed", hail_id__in=names)
    buried = set(tombstones.values_list("tool", "hail_id"))
    return [_place(step) for step in steps if _has_events(step.increment) and _name(step) not in buried]


def _name(step: Step) -> tuple[str, str]:
    """Return what names the session: a HAIL file tells that of another tool."""
    header = step.increment.made.header
    return header.agent.tool, header.session_id


def _has_events(one: Increment) -> bool:
    return bool(one.made.tally.event_count) or one.base > 0 or not one.is_last


def _place(step: Step) -> _Placed:
    one = step.increment
    session = session_uuid(one.made.header.agent.tool, one.made.header.session_id)
    return _Placed(step, session, strand_uuid(session, step.source, one.strand, one.generation), session)


def _pieces(placed: _Placed) -> list[bodies.Piece]:
    return [bodies.Piece(placed.body, frame.offset, frame.data) for frame in placed.made.closed]


def _write_sources(steps: Sequence[Step], late: set[UUID]) -> None:
    """Write what the sources looked like.

    One that is not read to its end yet, or whose strand is not where it was when reading began, must look changed to
    the next pass.
    """
    rows = {}
    for step in steps:
        one = step.increment
        # A document is read to its end when all of its threads are: see `finish`.
        is_done = one.is_last and step.source not in late and not (one.is_document and not one.locator)
        rows[step.source] = _source_row(step.source, step.tool, step.path, step.parser_version, one.stat) | {
            "locator": one.locator,
            "size": one.stat.size if is_done else -1,
        }
    upsert(Source, list(rows.values()))


class Ended(NamedTuple):
    """A source that was read to its end, or can't be: it is not opened again until it changes."""

    tool: str
    path: str
    parser_version: int
    answer: Contents | Failure


@transaction.atomic
def finish(ended: Sequence[Ended]) -> None:
    """Note which sources came to their end; all that was read of them is stored."""
    upsert(Source, [_ended_row(each) for each in ended])
    for each in ended:
        if isinstance(each.answer, Contents):
            _move(each.path, each.answer.moved)
            if each.answer.locators != [""]:
                keep_only(each.path, each.answer.locators)


def _move(path: str, tails: Mapping[str, bytes]) -> None:
    """Note the new marks of threads that are what they were."""
    for locator, tail in tails.items():
        newest = Strand.objects.filter(source=source_uuid(path, locator)).order_by("generation").last()
        if newest:
            Strand.objects.filter(pk=newest.pk).update(tail=tail)


def _ended_row(ended: Ended) -> dict[str, Any]:
    tool, path, parser_version, answer = ended
    failure = answer.reason if isinstance(answer, Failure) else ""
    row = _source_row(source_uuid(path), tool, path, parser_version, answer.stat)
    return row | {"locator": "", "failure": failure}


def _source_row(source: UUID, tool: str, path: str, parser_version: int, stat: Stat) -> dict[str, Any]:
    return {
        "id": source,
        "tool": tool,
        "path": path,
        "size": stat.size,
        "mtime_ns": stat.mtime_ns,
        "inode": stat.inode,
        "parser_version": parser_version,
        "is_missing": False,
        "failure": "",
    }


def _advance(placed: Sequence[_Placed]) -> tuple[list[_Placed], list[_Placed]]:
    """Move each strand from its increment's base to its end. Return those that did stand at the base, and the rest."""
    upsert(
        Strand,
        [{"id": each.strand, "is_live": False, **_strand_row(each)} for each in placed if not each.step.increment.base],
    )
    fresh: list[_Placed] = []
    late: list[_Placed] = []
    for each in placed:
        moved = _moved(each) if each.step.increment.base else each
        (fresh if moved else late).append(moved or each)
    return fresh, late


def _moved(placed: _Placed) -> _Placed | None:
    """Move the strand on, unless it stands elsewhere. Late in a log its session may turn out to be another one."""
    one = placed.step.increment
    there = Strand.objects.filter(source=placed.step.source, generation=one.generation, consumed=one.base)
    found = there.values_list("pk", "session_id").first()
    if found is None:
        return None
    row = _strand_row(placed)
    del row["body"]
    if not row["is_ready"]:
        # What was ready already stays so while more is appended to it.
        del row["is_ready"]
    Strand.objects.filter(pk=found[0]).update(**row)
    return placed._replace(strand=found[0], former=found[1])


def _strand_row(placed: _Placed) -> dict[str, Any]:
    one = placed.step.increment
    return {
        "session_id": placed.session,
        "source_id": placed.step.source,
        "key": one.strand,
        "generation": one.generation,
        "is_ready": one.generation == 0 or one.is_last,
        "consumed": one.consumed,
        "tail": one.tail,
        "events": one.made.frame.first + one.made.frame.count,
        "header": _encode(one.made.header),
        "state": one.state,
        "tally": _encode(one.made.tally),
        "kinds": one.made.counts.kinds,
        "skipped": one.made.counts.skipped,
        "ignored": one.made.counts.ignored,
        "shapes": one.made.counts.shapes,
        "body": placed.body,
    }


def _write_frames(placed: Sequence[_Placed]) -> None:
    """Replace the open frame of each strand by the frames closed since and the new open one."""
    for each in placed:
        first = (each.made.closed or [each.made.frame])[0]
        if each.step.increment.base:
            Frame.objects.filter(strand=each.strand, n=first.n).delete()
    # Two steps of one strand in a batch both have its open frame: the later one counts.
    rows = {(row["strand_id"], row["n"]): row for each in placed for row in _frame_rows(each)}
    upsert(Frame, list(rows.values()))
    upsert(
        Amendment,
        [
            {"strand_id": each.strand, "number": one.number, "patch": _encode(one)}
            for each in placed
            for one in each.made.amendments
        ],
    )


def _frame_rows(placed: _Placed) -> list[dict[str, Any]]:
    one = placed.step.increment
    return [frame_row(placed.strand, frame, None) for frame in one.made.closed] + [
        frame_row(placed.strand, one.made.frame, one.made.frame.data)
    ]


def frame_row(strand: UUID, frame: Packed, data: bytes | None) -> dict[str, Any]:
    """Return the columns of a frame; `data` is for one that is still open."""
    return {
        "strand_id": strand,
        "n": frame.n,
        "first": frame.first,
        "count": frame.count,
        "raw_offset": frame.raw_offset,
        "raw_length": frame.raw_length,
        "offset": frame.offset,
        "length": frame.length,
        "data": data,
        "ids": frame.ids,
        "kinds": frame.kinds,
    }


def _write_words(placed: Sequence[_Placed]) -> None:
    """Hand out full-text row ids in blocks, and index the words of events and titles."""
    counter, _ = SearchCounter.objects.select_for_update().get_or_create(pk=1)
    row, blocks, texts = counter.next_row, [], []
    for each in placed:
        one = each.step.increment
        if one.made.own_words:
            blocks.append({"first": row, "count": 1, "strand_id": each.strand, "first_event": -1})
            texts.append((row, one.made.own_words))
            row += 1
        if count := one.made.frame.first + one.made.frame.count - one.made.first_event:
            blocks.append({"first": row, "count": count, "strand_id": each.strand, "first_event": one.made.first_event})
            texts += [(row + number - one.made.first_event, text) for number, text in one.made.words]
            row += count
    if blocks:
        upsert(SearchBlock, blocks)
        with connection.cursor() as cursor:
            fulltext.engine().add(cursor, texts)
        SearchCounter.objects.filter(pk=1).update(next_row=row)


def _write_raw(placed: Sequence[_Placed]) -> None:
    """Keep the logs' own bytes. A run is empty where a log grew by half a line."""
    rows = []
    for each in placed:
        one = each.step.increment
        for run in one.raw:
            if run.length:
                rawstore.keep(run.digest, run.data)
                place = {"source_id": each.step.source, "generation": one.generation, "offset": run.offset}
                rows.append(place | {"length": run.length, "digest": run.digest})
    upsert(RawCopy, rows)


def _cut_off(placed: Sequence[_Placed]) -> set[UUID]:
    """Set the strands apart whose log was replaced by that of another thread: they stay. Return their sessions."""
    sessions: set[UUID] = set()
    for each in placed:
        one = each.step.increment
        if one.base or not one.generation or each.step.holds_old:
            continue
        old = Strand.objects.filter(source=each.step.source, generation__lt=one.generation, is_cut_off=False)
        lost = old.exclude(session=each.session, key=one.strand)
        sessions.update(lost.values_list("session_id", flat=True))
        lost.update(is_cut_off=True)
    return sessions


def _retire(placed: Sequence[_Placed]) -> tuple[set[UUID], list[str]]:
    """Drop the generations that a complete new one replaces. Return their sessions and the keys of their bodies."""
    sessions, dropped = set(), []
    for each in placed:
        one = each.step.increment
        if not (one.generation and one.is_last):
            continue
        old = Strand.objects.filter(source=each.step.source, generation__lt=one.generation)
        old = old.filter(Q(is_cut_off=False) | Q(session=each.session, key=one.strand))
        for strand in old.values("pk", "session_id", "body"):
            sessions.add(strand["session_id"])
            dropped.append(strand["body"])
            drop_strand(strand["pk"])
    return sessions, dropped


def drop_strand(strand: UUID) -> None:
    """Remove a strand's rows, its raw copies and its words."""
    raw = RawCopy.objects.filter(source__strands=strand, generation=F("source__strands__generation"))
    if digests := set(raw.values_list("digest", flat=True)):
        raw.delete()
        transaction.on_commit(partial(rawstore.prune, digests))
    drop_words(strand)
    Strand.objects.filter(pk=strand).delete()
