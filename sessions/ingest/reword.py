"""Write full-text rows from the stored events: of an uploaded session, or of all when the index is damaged."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import islice
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Sum

from opensession.hail.words import words
from sessions import bodies, fulltext
from sessions.models import SearchBlock, SearchCounter, Strand, Upload

logger = logging.getLogger(__name__)

MANY_DEAD = 200_000
_ALL_DEAD = 1 << 62
_ROWS = 2_000


def rebuild() -> None:
    """Index the words of all strands again, newest sessions last. It stays due until it was done to the end."""
    with transaction.atomic(), connection.cursor() as cursor:
        SearchBlock.objects.all().delete()
        SearchCounter.objects.update(dead_rows=_ALL_DEAD)
        fulltext.engine().clear(cursor)
    strands = Strand.objects.order_by("session__updated_at").values_list("pk", flat=True)
    for strand in list(strands):
        write_words(strand)
    SearchCounter.objects.update(dead_rows=0)


def is_due() -> bool:
    """Tell whether more rows are dead than alive, and so many that it matters."""
    counter = SearchCounter.objects.filter(pk=1).first()
    return counter is not None and counter.dead_rows > max(MANY_DEAD, counter.next_row // 2)


def write_words(identity: UUID) -> None:
    """Index the words of a strand, in short transactions, in place of what was indexed of it before."""
    # A session may be removed in the browser at any time.
    strand = Strand.objects.filter(pk=identity).first()
    if strand is None:
        return
    texts, first, is_over = _texts(strand), None, False
    while not is_over:
        # Bodies are read before the lock of the database is taken.
        part = list(islice(texts, _ROWS))
        is_over = len(part) < _ROWS
        with transaction.atomic(), connection.cursor() as cursor:
            first = first or _reserve(strand)
            if first is None:
                return
            fulltext.engine().add(cursor, [(first + place, text) for place, text in part])
            if is_over:
                Upload.objects.filter(session__strands=identity).update(is_searchable=True)


def _reserve(strand: Strand) -> int | None:
    """Set full-text rows apart for a strand, its title first, and return the first; None when it is gone."""
    # The counter is locked before the strand, as where a strand is removed: the other way round, the two may meet.
    counter, _ = SearchCounter.objects.select_for_update().get_or_create(pk=1)
    if not Strand.objects.select_for_update().filter(pk=strand.pk).exists():
        return None
    former = SearchBlock.objects.filter(strand=strand)
    dead = former.aggregate(rows=Sum("count"))["rows"] or 0
    former.delete()
    first, count = counter.next_row, max(strand.events, 1)
    SearchBlock.objects.create(first=first, count=1, strand=strand, first_event=-1)
    SearchBlock.objects.create(first=first + 1, count=count, strand=strand, first_event=0)
    SearchCounter.objects.filter(pk=1).update(next_row=first + 1 + count, dead_rows=F("dead_rows") + dead)
    return first


def _texts(strand: Strand) -> Iterator[tuple[int, str]]:
    """Yield what there is to index, with its place among the rows of the strand."""
    if title := bodies.header(strand).context.title:
        yield 0, title
    try:
        for number, event in bodies.events(strand):
            if text := words(event):
                yield 1 + number, text
    except bodies.BodyMissing as error:
        # One damaged session must not cost the words of all others; `fsck` has it read again.
        logger.warning("%s", error)
