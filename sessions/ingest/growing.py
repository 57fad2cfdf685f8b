"""Read a log that only grows, and yield what is new in increments. Knows no Django and no database.

An increment ends behind the line that reaches `STEP` bytes, so that memory stays bounded however large the log is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from parsers.base import LineParser, Reader
from parsers.lines import complete
from sessions.ingest.accumulator import Accumulator
from sessions.ingest.logfile import LogFile
from sessions.ingest.raw import raw_run
from sessions.ingest.work import Increment, RawRun, Resume, Work

STEP = 4 << 20
"""Bytes of a log per increment."""


def read_log(work: Work, parser: LineParser) -> Iterator[Increment]:
    """Yield the increments of a log. Raises OSError, ParseError or ZstdError."""
    with LogFile(work.path) as log:
        resume = work.resume
        is_still = resume is None or log.is_still(resume.consumed, resume.tail)
        if resume and is_still:
            for increment in _Pass(work, parser, log, resume, holds_old=True).run():
                if increment.made.header.session_id != resume.session_id:
                    break
                yield increment
            else:
                return
        # Never read, replaced, or first stored under a makeshift id because the true one came late in the log.
        log.seek(0)
        yield from _Pass(work, parser, log, None, holds_old=is_still).run()


class _Pass:
    """One pass over one log: takes its lines, gives increments."""

    def __init__(self, work: Work, parser: LineParser, log: LogFile, resume: Resume | None, holds_old: bool) -> None:
        self._work, self._log, self._holds_old = work, log, holds_old
        self._reader: Reader = parser.reader(Path(work.path))
        self._generation, self._base = work.generation, 0
        if resume:
            self._reader.state = msgspec.msgpack.decode(resume.state, type=type(self._reader.state))
            self._generation, self._base = resume.generation, resume.consumed
        self._strand = Accumulator(resume)

    def run(self) -> Iterator[Increment]:
        self._log.seek(self._base)
        consumed = self._base
        for line, behind in complete(self._log):
            if consumed - self._base >= STEP:
                yield self._increment(consumed, is_last=False)
                self._base = consumed
            consumed = behind
            self._take(line)
        yield self._increment(consumed, is_last=True)

    def _take(self, line: bytes | None) -> None:
        out = self._strand.out
        if line is None:
            out.record("line too long")
            out.skip("line too long")
        elif line:
            self._reader.read(line, out)
        self._strand.drain_if_full()

    def _increment(self, consumed: int, is_last: bool) -> Increment:
        return Increment(
            number=self._work.number,
            stat=self._work.stat,
            strand=self._reader.strand(),
            generation=self._generation,
            base=self._base,
            consumed=consumed,
            tail=self._log.tail(consumed) if not self._log.is_compressed else b"",
            state=msgspec.msgpack.encode(self._reader.state),
            made=self._strand.take(self._reader.header()),
            raw=self._raw(consumed, is_last),
            bytes_read=self._log.bytes_read,
            holds_old=self._holds_old,
            is_last=is_last,
        )

    def _raw(self, consumed: int, is_last: bool) -> list[RawRun]:
        """Return the log's own bytes of this increment; a compressed log is kept as it is, with its last one."""
        if not self._work.keep_raw:
            return []
        if not self._log.is_compressed:
            return [raw_run(self._base, self._log.raw(self._base, consumed - self._base))]
        return [raw_run(0, self._log.raw(0, self._log.stat.size))] if is_last else []
