"""What the index knows of logs: read before planning, and again for each log that is to be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from parsers.discover import Log
from sessions import bodies
from sessions.ingest.frames import Packed
from sessions.ingest.plan import Known
from sessions.ingest.work import Resume, Work
from sessions.models import Frame, Session, Source, Strand, source_uuid

PART = 500
"""Sources that a statement names: SQLite may allow as few as 999 parameters."""

_COLUMNS = ("path", "size", "mtime_ns", "inode", "parser_version", "is_missing")


def known() -> dict[str, Known]:
    rows = Source.objects.values_list(*_COLUMNS)
    return {row[0]: Known(*row[1:]) for row in rows.iterator(chunk_size=5000)}


def known_of(paths: Sequence[str]) -> dict[str, Known]:
    rows = Source.objects.values_list(*_COLUMNS)
    found = (rows.filter(pk__in=part) for part in identities(paths))
    return {row[0]: Known(*row[1:]) for part in found for row in part}


def identities(paths: Sequence[str]) -> Iterator[list[UUID]]:
    """Yield the ids of the sources at these paths, as many at a time as a statement can name."""
    for at in range(0, len(paths), PART):
        yield [source_uuid(path) for path in paths[at : at + PART]]


def work(number: int, log: Log, is_known: bool, anew: bool, keep_raw: bool) -> Work:
    """Return the work of reading a log: on from where reading stopped, or from its start when `anew`."""
    if not is_known:
        return Work(number, log.tool, log.path, generation=0, keep_raw=keep_raw)
    newest = Strand.objects.filter(source=source_uuid(log.path)).order_by("generation").last()
    if newest is None:
        return Work(number, log.tool, log.path, generation=0, keep_raw=keep_raw)
    resume = None if anew else _resume(newest)
    return Work(number, log.tool, log.path, newest.generation + 1, resume, keep_raw)


def _resume(strand: Strand) -> Resume | None:
    frames = Frame.objects.filter(strand=strand).order_by("n")
    last = frames.last()
    if last is None or last.data is None:
        return None
    header = bodies.header(strand)
    return Resume(
        session_id=header.session_id,
        generation=strand.generation,
        consumed=strand.consumed,
        tail=bytes(strand.tail),
        state=bytes(strand.state),
        tally=bodies.tally(strand),
        title=header.context.title or "",
        frame=_packed(last),
        seen=b"".join(bytes(ids) for ids in frames.values_list("ids", flat=True)),
        records=strand.records,
        skipped=strand.skipped,
    )


def _packed(frame: Frame) -> Packed:
    return Packed(
        frame.n,
        frame.first,
        frame.count,
        frame.raw_offset,
        frame.raw_length,
        frame.offset,
        frame.length,
        bytes(frame.data or b""),
        bytes(frame.ids),
        frame.kinds,
    )


def mark(missing: Sequence[str], back: Sequence[str]) -> int:
    """Mark sources as missing or back again, and the sessions that have no source left. Return how many those are."""
    if missing or back:
        _mark(missing, back)
    return Session.objects.filter(source_missing=True).count()


@transaction.atomic
def _mark(missing: Sequence[str], back: Sequence[str]) -> None:
    for paths, is_missing in ((missing, True), (back, False)):
        for part in identities(paths):
            Source.objects.filter(pk__in=part).update(is_missing=is_missing)
    mark_sessions(Session.objects.filter(origin="indexed"))


def mark_sessions(sessions: QuerySet[Session]) -> None:
    """Mark those of the sessions that have no source left, and only those."""
    present = Strand.objects.filter(session=OuterRef("pk"), source__is_missing=False, is_cut_off=False)
    known = sessions.annotate(has_source=Exists(present))
    known.filter(has_source=True, source_missing=True).update(source_missing=False)
    known.filter(has_source=False, source_missing=False).update(source_missing=True)
