"""Read a document, and yield each of its threads that is not stored as it is now. Knows no Django and no database."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG

import msgspec

from parsers.base import Document, DocumentParser, ParseError, Thread
from parsers.documents import load
from parsers.sample import MAX_DOCUMENT
from sessions.ingest.accumulator import Accumulator, Drained
from sessions.ingest.raw import raw_run
from sessions.ingest.work import Contents, Increment, KnownThread, Made, RawRun, Work

_encode = msgspec.msgpack.Encoder(order="deterministic").encode


def read_document(work: Work, parser: DocumentParser) -> Iterator[Increment | Contents]:
    """Yield the threads that changed, then all locators. Raises OSError or ParseError."""
    if not S_ISREG(os.stat(work.path, follow_symlinks=False).st_mode):
        raise ParseError(work.path, 0, "is not a regular file")
    with parser.open(Path(work.path)) as document:
        threads = document.threads()
        for locator, mark in threads.items():
            known = None if work.anew else work.known.get(locator)
            if not (known and mark and known.mark == mark.encode()):
                yield from _changed(work, document, locator, mark, known)
    yield Contents(work.number, work.stat, list(threads), work.stat.size)


def _changed(work: Work, document: Document, locator: str, mark: str, known: KnownThread | None) -> Iterator[Increment]:
    strand = Accumulator()
    thread = document.read(locator, Drained(strand))
    made = strand.take(thread.header)
    tail = mark.encode() or _digest(made)
    if known is None or known.mark != tail:
        yield _increment(work, locator, thread, made, tail)


def _increment(work: Work, locator: str, thread: Thread, made: Made, tail: bytes) -> Increment:
    before = work.known.get(locator)
    return Increment(
        number=work.number,
        stat=work.stat,
        strand=thread.strand,
        generation=before.generation + 1 if before else 0,
        base=0,
        consumed=made.frame.first + made.frame.count,
        tail=tail,
        state=b"",
        made=made,
        raw=_raw(work, locator),
        bytes_read=work.stat.size,
        holds_old=False,
        is_last=True,
        locator=locator,
        is_document=True,
    )


def _digest(made: Made) -> bytes:
    """Return a digest of what a thread holds: it was rewritten, but maybe with the same content."""
    digest = hashlib.blake2b(_encode((made.header, made.amendments)), digest_size=16)
    for frame in (*made.closed, made.frame):
        digest.update(frame.data)
    return digest.digest()


def _raw(work: Work, locator: str) -> list[RawRun]:
    """Return the document's own bytes, where it is a file of one thread that is not too large to be held."""
    path = Path(work.path)
    if locator or not work.keep_raw or path.stat().st_size > MAX_DOCUMENT:
        return []
    return [raw_run(0, load(path))]
