"""Read a document, and yield each of its threads that is not stored as it is now. Knows no Django and no database."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG

import msgspec
from msgspec.structs import replace

from opensession.hail import jsonl, wire
from opensession.hail.model import Header
from opensession.hail.stats import ESTIMATED
from parsers.base import Document, DocumentParser, ParseError, Thread
from parsers.documents import load
from parsers.sample import MAX_DOCUMENT
from sessions.ingest.accumulator import Accumulator, Drained
from sessions.ingest.frames import lines
from sessions.ingest.raw import raw_run
from sessions.ingest.work import Contents, Increment, Made, RawRun, Work

DIGEST = 16
"""Bytes of the digest of what a thread holds. Its mark stands behind it in the `tail` of the strand."""

_ESTIMATED = ESTIMATED.encode()
_encode = msgspec.msgpack.Encoder(order="deterministic").encode


def read_document(work: Work, parser: DocumentParser) -> Iterator[Increment | Contents]:
    """Yield the threads that changed, then all locators. Raises OSError or ParseError."""
    if not S_ISREG(os.stat(work.path, follow_symlinks=False).st_mode):
        raise ParseError(work.path, 0, "is not a regular file")
    moved: dict[str, bytes] = {}
    with parser.open(Path(work.path)) as document:
        threads = document.threads()
        for locator, mark in threads.items():
            known = None if work.anew else work.known.get(locator)
            if known and mark and known.tail[DIGEST:] == mark.encode():
                continue
            thread, made = _read(document, locator)
            tail = _digest(made) + mark.encode()
            if known is None or known.tail[:DIGEST] != tail[:DIGEST]:
                yield _increment(work, locator, thread, made, tail)
            elif known.tail != tail:
                moved[locator] = tail
    yield Contents(work.number, work.stat, list(threads), work.stat.size, moved)


def _read(document: Document, locator: str) -> tuple[Thread, Made]:
    strand = Accumulator()
    thread = document.read(locator, Drained(strand))
    return thread, strand.take(thread.header)


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
    """Return a digest of what a thread holds: it was written again, but maybe as it was.

    Estimated times are left out, as they may be those of the file.
    """
    header = _without_times(made.header) if made.tally.estimated else made.header
    digest = hashlib.blake2b(_encode((header, made.amendments, made.counts)), digest_size=DIGEST)
    for frame in (*made.closed, made.frame):
        for line in lines(frame.data):
            digest.update(_without_time(line) if _ESTIMATED in line else line)
    return digest.digest()


def _without_times(header: Header) -> Header:
    return replace(header, context=replace(header.context, created_at="", updated_at=""))


def _without_time(line: bytes) -> bytes:
    event = jsonl.event(line)
    return wire.encode_event(replace(event, timestamp="")) if event.attributes.get(ESTIMATED) else line


def _raw(work: Work, locator: str) -> list[RawRun]:
    """Return the document's own bytes, where it is a file of one thread that is not too large to be held."""
    path = Path(work.path)
    if locator or not work.keep_raw or path.stat().st_size > MAX_DOCUMENT:
        return []
    return [raw_run(0, load(path))]
