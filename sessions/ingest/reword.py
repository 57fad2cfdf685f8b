"""Write full-text rows from the stored events: of an uploaded session, or of all when the index is damaged."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import F

from opensession.hail.words import words
from sessions import bodies, fulltext
from sessions.models import SearchBlock, SearchCounter, Session, Strand, Upload

logger = logging.getLogger(__name__)

MANY_DEAD = 200_000
_ALL_DEAD = 1 << 62
_ROWS = 2_000
_PART = 1 << 19
"""Bytes of text that are indexed together. PostgreSQL takes no more words of a row than 1 MiB."""


def rebuild() -> None:
    """Index the words of all strands again, newest sessions last. It stays due until it was done to the end."""
    with transaction.atomic(), connection.cursor() as cursor:
        _lock_counter()
        SearchCounter.objects.update(dead_rows=_ALL_DEAD)
        SearchBlock.objects.all().delete()
        fulltext.engine().clear(cursor)
    strands = Strand.objects.order_by("session__updated_at").values_list("pk", flat=True)
    for strand in list(strands):
        write_words(strand)
    # What was dropped meanwhile stays counted.
    SearchCounter.objects.update(dead_rows=F("dead_rows") - _ALL_DEAD)


def is_due() -> bool:
    """Tell whether more rows are dead than alive, and so many that it matters."""
    counter = SearchCounter.objects.filter(pk=1).first()
    return counter is not None and counter.dead_rows > max(MANY_DEAD, counter.next_row // 2)


def drop_words(identity: UUID) -> None:
    """Take the words of a strand out of the index, in a transaction. Where they have to stay, they count as dead."""
    _lock_counter()
    _drop(identity)


def write_words(identity: UUID) -> None:
    """Index the words of a strand, in short transactions, in place of what was indexed of it before."""
    # A session may be removed in the browser at any time.
    strand = Strand.objects.filter(pk=identity).select_related("session").first()
    if strand is None:
        return
    # Parts are for the searches of a server. At home, the space counts for more.
    is_uploaded = strand.session.origin == Session.Origin.UPLOADED
    add = _add_in_parts_too if is_uploaded else fulltext.engine().add
    texts, first, is_over = _texts(strand), None, False
    while not is_over:
        # Bodies are read before the lock of the database is taken.
        rows = list(islice(texts, _ROWS))
        is_over = len(rows) < _ROWS
        with transaction.atomic(), connection.cursor() as cursor:
            first = _reserve(strand) if first is None else _kept(strand, first)
            if first is None:
                return
            add(cursor, [(first + place, text) for place, text in rows])
            if is_over:
                Upload.objects.filter(session__strands=identity).update(is_searchable=True)


def _add_in_parts_too(cursor: CursorWrapper, rows: Sequence[tuple[int, str]]) -> None:
    fulltext.engine().add(cursor, rows)
    fulltext.engine().add_parts(cursor, _parts(rows))


def _parts(rows: Iterable[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
    first, texts, size = 0, list[str](), 0
    for row, text in rows:
        length = len(text) if text.isascii() else len(text.encode())
        if size + length > _PART:
            yield first, texts
            texts, size = [], 0
        first = first if texts else row
        texts.append(text)
        size += length
    if texts:
        yield first, texts


def _reserve(strand: Strand) -> int | None:
    """Set full-text rows apart for a strand, its title first, and return the first; None when it is gone."""
    counter = _lock_counter()
    if not Strand.objects.select_for_update().filter(pk=strand.pk).exists():
        return None
    _drop(strand.pk)
    first, count = counter.next_row, max(strand.events, 1)
    title = SearchBlock(first=first, count=1, strand=strand, first_event=-1)
    SearchBlock.objects.bulk_create([title, SearchBlock(first=first + 1, count=count, strand=strand, first_event=0)])
    SearchCounter.objects.filter(pk=1).update(next_row=first + 1 + count)
    return first


def _kept(strand: Strand, first: int) -> int | None:
    """Keep the rows of a strand where they are until the end of the transaction; None when they are not its own now."""
    own = SearchBlock.objects.select_for_update().filter(first=first, strand=strand)
    return first if own.exists() else None


def _lock_counter() -> SearchCounter:
    """Let nobody else take or drop rows until the end of the transaction.

    It is locked before strands and blocks everywhere: the other way round, two may wait for each other.
    """
    return SearchCounter.objects.select_for_update().get_or_create(pk=1)[0]


def _drop(identity: UUID) -> None:
    blocks = SearchBlock.objects.filter(strand=identity)
    rows = [(first, first + count) for first, count in blocks.values_list("first", "count")]
    if not rows:
        return
    with connection.cursor() as cursor:
        dead = sum(fulltext.engine().drop(cursor, first, stop) for first, stop in rows)
    blocks.delete()
    SearchCounter.objects.filter(pk=1).update(dead_rows=F("dead_rows") + dead)


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
