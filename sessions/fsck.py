"""Check what is stored against itself, and mend what a crash left over.

Leftovers (bytes behind the last closed frame, bodies that no row refers to) are removed. A strand whose frames are
damaged is dropped and its source marked as changed, so that the next pass reads it again; where the source is gone
the loss is reported.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from sessions import bodies, fulltext
from sessions.ingest import rawstore
from sessions.ingest.election import settle
from sessions.ingest.reword import is_due, rebuild, write_words
from sessions.ingest.sources import read_again
from sessions.ingest.writer import drop_strand
from sessions.models import Frame, RawCopy, SearchBlock, SearchCounter, Session, Source, Strand, Upload
from sessions.publishing import leftovers
from sessions.stores import Files

LEFT_ALONE = timedelta(hours=1)


class Finding(NamedTuple):
    """Something that was wrong. `lost` tells that it cannot be read again from its source."""

    what: str
    lost: bool = False


class Checked(NamedTuple):
    sessions: int
    frames: int
    findings: list[Finding]


def check(spared: timedelta = timedelta()) -> Checked:
    """Check everything and repair what can be repaired. Hold the ingest lock while it runs.

    Bodies younger than `spared` stay even if they belong to no session: an upload may not be done with them.
    """
    findings: list[Finding] = []
    count = 0
    for strand in Strand.objects.select_related("source").iterator(chunk_size=200):
        own = list(Frame.objects.filter(strand=strand).order_by("n"))
        count += len(own)
        problem = _problem(strand, own)
        if problem:
            findings.append(_reread(strand, problem))
        else:
            findings += _trim(strand, own)
    findings += [*_orphan_bodies(spared), *_uploads(), *_empty_sessions(), *_search(), *_raw_copies()]
    return Checked(Session.objects.count(), count, findings)


def _problem(strand: Strand, own: Sequence[Frame]) -> str:
    """Return what is wrong with a strand's frames, or nothing."""
    if not own or (strand.source and own[-1].data is None):
        return "has no open frame"
    first = offset = 0
    for n, frame in enumerate(own):
        if (frame.n, frame.first, frame.offset) != (n, first, offset):
            return f"has a gap before frame {frame.n}"
        if problem := _frame_problem(strand, frame):
            return problem
        first, offset = first + frame.count, offset + frame.length
    return "" if first == strand.events else f"counts {strand.events} events but holds {first}"


def _frame_problem(strand: Strand, frame: Frame) -> str:
    try:
        lines = bodies.lines(strand, frame)
    except bodies.BodyMissing as error:
        return f"cannot read frame {frame.n}: {error}"
    if len(lines) != frame.count or 4 * len(lines) != len(frame.ids):
        return f"has {len(lines)} events in frame {frame.n} instead of {frame.count}"
    return ""


@transaction.atomic
def _reread(strand: Strand, problem: str) -> Finding:
    lost = strand.source is None or strand.source.is_missing or strand.is_cut_off
    drop_strand(strand.pk)
    settle(set(), {strand.session_id}, timezone.now())
    if strand.source:
        read_again(Source.objects.filter(pk=strand.source.pk))
    remedy = "its source is gone" if lost else "run `manage.py index` to read it again"
    return Finding(f"strand {strand.key} of session {strand.session_id} {problem}; {remedy}", lost)


def _trim(strand: Strand, own: Sequence[Frame]) -> Iterator[Finding]:
    """Cut off what a crash left behind the last closed frame. Only files can be, and uploads were written whole."""
    if own[-1].data is None:
        return
    store, end = bodies.store(), own[-1].offset
    if isinstance(store, Files) and store.exists(strand.body) and store.size(strand.body) > end:
        os.truncate(store.path(strand.body), end)
        yield Finding(f"body {strand.body} had bytes behind its last frame; cut off")


def _orphan_bodies(spared: timedelta) -> Iterator[Finding]:
    # Listed first: the row of a body that is being stored may come at any time.
    names = list(bodies.names(older_than=timezone.now() - spared))
    known = set(Strand.objects.values_list("body", flat=True))
    for name in names:
        if name not in known:
            bodies.delete([name])
            yield Finding(f"body {name} belonged to no session; removed")


def _uploads() -> Iterator[Finding]:
    """Finish what a server that was killed left undone. Younger uploads may be on their way."""
    before = timezone.now() - LEFT_ALONE
    for name in leftovers.remove(before):
        yield Finding(f"body {name} belonged to no upload; removed")
    for upload in Upload.objects.filter(is_searchable=False, uploaded_at__lt=before):
        for strand in upload.session.strands.values_list("pk", flat=True):
            write_words(strand)
        yield Finding(f"the words of session {upload.session_id} were not indexed; done")


def _empty_sessions() -> Iterator[Finding]:
    for session in Session.objects.filter(strands=None):
        yield Finding(f"session {session.pk} had no events stored; removed, `manage.py index` reads it again if it can")
        session.delete()


def _search() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        problem = fulltext.engine().problem(cursor)
    wordless = Strand.objects.filter(events__gt=0, search_blocks=None)
    if wordless.exclude(session__upload__is_searchable=False).exists():
        problem = problem or "it lacks whole strands"
    if problem := problem or ("most of it stands for nothing any more" if is_due() else ""):
        rebuild()
        yield Finding(f"the full-text index was built anew: {problem}")
    last = SearchBlock.objects.order_by("-first").first()
    if last and SearchCounter.objects.filter(next_row__lt=last.first + last.count).update(
        next_row=last.first + last.count
    ):
        yield Finding("the full-text row counter was behind; moved on")


def _raw_copies() -> Iterator[Finding]:
    for copy in RawCopy.objects.select_related("source").iterator():
        if not rawstore.path(copy.digest).exists():
            read_again(Source.objects.filter(pk=copy.source_id))
            copy.delete()
            yield Finding(
                f"the raw copy of {copy.source.path} at byte {copy.offset} was gone", lost=copy.source.is_missing
            )
    for file in rawstore.leftovers():
        file.unlink()
        yield Finding(f"raw copy {file.name} belonged to no log; removed")
