"""What the index knows of logs: read before planning, and again for each log that is to be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from msgspec.structs import replace

from parsers.base import DocumentParser
from parsers.discover import Log
from parsers.external import External
from parsers.registry import parser_of
from sessions import bodies
from sessions.ingest.frames import Packed
from sessions.ingest.plan import Known
from sessions.ingest.work import Counts, KnownThread, Resume, Stat, Work
from sessions.models import Frame, Session, Source, Strand, source_uuid

PART = 500
"""Sources that a statement names: SQLite may allow as few as 999 parameters."""

_COLUMNS = ("path", "size", "mtime_ns", "inode", "parser_version", "is_missing")


def known() -> dict[str, Known]:
    rows = Source.objects.filter(locator="").values_list(*_COLUMNS)
    return {row[0]: Known(*row[1:]) for row in rows.iterator(chunk_size=5000)}


def known_of(paths: Sequence[str]) -> dict[str, Known]:
    rows = Source.objects.values_list(*_COLUMNS)
    found = (rows.filter(pk__in=part) for part in identities(paths))
    return {row[0]: Known(*row[1:]) for part in found for row in part}


def identities(paths: Sequence[str]) -> Iterator[list[UUID]]:
    """Yield the ids of the sources at these paths, as many at a time as a statement can name."""
    for at in range(0, len(paths), PART):
        yield [source_uuid(path) for path in paths[at : at + PART]]


def work(number: int, log: Log, is_known: bool, anew: bool, keep_raw: bool, external: External | None = None) -> Work:
    """Return the work of reading a source: on from where reading stopped, or from its start when `anew`."""
    stat = Stat(log.size, log.mtime_ns, log.inode)
    fresh = Work(number, log.tool, log.path, stat, anew=anew, keep_raw=keep_raw, external=external)
    if not is_known:
        return fresh
    if external or isinstance(parser_of(log.tool), DocumentParser):
        return replace(fresh, known=_threads(log.path))
    newest = Strand.objects.filter(source=source_uuid(log.path)).order_by("generation").last()
    if newest is None:
        return fresh
    return replace(fresh, generation=newest.generation + 1, resume=None if anew else _resume(newest))


def _threads(path: str) -> dict[str, KnownThread]:
    """Return the newest stored generation of each thread of a document."""
    strands = Strand.objects.filter(source__path=path).order_by("generation")
    rows = strands.values_list("source__locator", "generation", "tail")
    return {locator: KnownThread(generation, bytes(tail)) for locator, generation, tail in rows}


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
        counts=Counts(strand.kinds, strand.skipped, strand.ignored, strand.shapes),
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


def read_again(chosen: QuerySet[Source]) -> None:
    """See to it that the next pass reads these sources, and the documents that they are parts of."""
    Source.objects.filter(path__in=chosen.values("path"), locator="").update(size=-1)


def mark(missing: Sequence[str], back: Sequence[str]) -> int:
    """Mark sources as missing or back again, and the sessions that have no source left. Return how many those are."""
    if missing or back:
        _mark(missing, back)
    return Session.objects.filter(source_missing=True).count()


@transaction.atomic
def _mark(missing: Sequence[str], back: Sequence[str]) -> None:
    for paths, is_missing in ((missing, True), (back, False)):
        for at in range(0, len(paths), PART):
            Source.objects.filter(path__in=paths[at : at + PART]).update(is_missing=is_missing)
    mark_sessions(Session.objects.filter(origin="indexed"))


def keep_only(path: str, locators: Sequence[str]) -> None:
    """Mark the threads that a document holds no more as missing, and their sessions if nothing else is left of them."""
    gone = Source.objects.filter(path=path, is_missing=False).exclude(locator="")
    lost = [pk for pk, locator in gone.values_list("pk", "locator") if locator not in set(locators)]
    for at in range(0, len(lost), PART):
        part = lost[at : at + PART]
        Source.objects.filter(pk__in=part).update(is_missing=True)
        mark_sessions(Session.objects.filter(strands__source__in=part))


def mark_sessions(sessions: QuerySet[Session]) -> None:
    """Mark those of the sessions that have no source left, and only those."""
    present = Strand.objects.filter(session=OuterRef("pk"), source__is_missing=False, is_cut_off=False)
    known = sessions.annotate(has_source=Exists(present))
    known.filter(has_source=True, source_missing=True).update(source_missing=False)
    known.filter(has_source=False, source_missing=False).update(source_missing=True)
