"""Read one log from where reading stopped, and yield what is new in increments. Knows no Django and no database.

An increment ends behind the line that reaches `STEP` bytes, so that memory stays bounded however large the log is.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator
from pathlib import Path

import msgspec
from zstandard import ZstdCompressor, ZstdError

import parsers
from opensession.hail.model import Event, Header
from opensession.hail.stats import Tally
from opensession.hail.words import words
from parsers.base import Amendment, Output, ParseError, Reader
from parsers.lines import complete
from sessions.ingest.frames import OpenFrame, Packed
from sessions.ingest.logfile import LogFile
from sessions.ingest.work import Failure, Increment, RawRun, Resume, Work

STEP = 4 << 20
"""Bytes of a log per increment."""

_DRAIN_EVERY = 64
_pack = ZstdCompressor(level=3).compress


def read(work: Work) -> Iterator[Increment | Failure]:
    """Yield the increments of a log; the last one, or a failure, ends it."""
    try:
        with LogFile(work.path) as log:
            yield from _increments(work, log)
    except FileNotFoundError:
        yield Failure(work.number, "vanished before it was read", vanished=True)
    except OSError as error:
        yield Failure(work.number, error.strerror or str(error))
    except (ParseError, ZstdError) as error:
        yield Failure(work.number, str(error))
    except Exception as error:  # noqa: BLE001 - A fault in a parser must cost one log, not all that come after it.
        yield Failure(
            work.number, f"cannot be read ({type(error).__name__}); this is a fault of OpenSession, please report it"
        )


def _increments(work: Work, log: LogFile) -> Iterator[Increment]:
    resume = work.resume
    is_still = resume is None or log.is_still(resume.consumed, resume.tail)
    if resume and is_still:
        for increment in _Pass(work, log, resume, holds_old=True).run():
            if increment.header.session_id != resume.session_id:
                break
            yield increment
        else:
            return
    # Never read, replaced, or first stored under a makeshift id because the true one came late in the log.
    log.seek(0)
    yield from _Pass(work, log, None, holds_old=is_still).run()


class _Pass:
    """One pass over one log: takes its lines, keeps the strand's accumulators, gives increments."""

    def __init__(self, work: Work, log: LogFile, resume: Resume | None, holds_old: bool) -> None:
        self._work, self._log, self._holds_old = work, log, holds_old
        self._reader: Reader = parsers.TOOLS[work.tool].reader(Path(work.path))
        self._generation = work.generation
        self._tally, self._frame, self._title = Tally(), OpenFrame(), ""
        self._records, self._skipped = 0, dict[str, int]()
        self._base = 0
        self._out = Output()
        if resume:
            self._go_on(resume)
        self._begin(self._base)

    def _go_on(self, resume: Resume) -> None:
        self._reader.state = msgspec.msgpack.decode(resume.state, type=type(self._reader.state))
        self._generation, self._tally, self._title = resume.generation, resume.tally, resume.title
        self._frame = OpenFrame.resumed(resume.frame)
        self._records, self._skipped = resume.records, resume.skipped
        self._base = resume.consumed
        self._out = Output(resume.frame.first + resume.frame.count, set(array("I", resume.seen)))

    def _begin(self, base: int) -> None:
        """Start the next increment at the byte offset `base`."""
        self._base = base
        self._first_event = self._out.first
        self._closed: list[Packed] = []
        self._amendments: list[Amendment] = []
        self._words: list[tuple[int, str]] = []

    def run(self) -> Iterator[Increment]:
        self._log.seek(self._base)
        consumed = self._base
        for line, behind in complete(self._log):
            if consumed - self._base >= STEP:
                yield self._increment(consumed, is_last=False)
                self._begin(consumed)
            consumed = behind
            self._take(line)
        yield self._increment(consumed, is_last=True)

    def _take(self, line: bytes | None) -> None:
        out = self._out
        if line is None:
            out.records += 1
            out.skip("line too long")
        elif line:
            self._reader.read(line, out)
        if len(out.events) >= _DRAIN_EVERY:
            self._drain()

    def _drain(self) -> None:
        """Move what the reader gave into frames, totals and search texts."""
        out, number = self._out, self._out.first
        early = self._early(out)
        for event, mark in zip(out.events, out.marks, strict=True):
            self._tally.add(event)
            self._frame.add(early.get(number, event), mark)
            if text := words(event):
                self._words.append((number, text))
            number += 1
            if self._frame.is_full:
                self._close()
        for amendment in out.amendments:
            self._tally.amend(amendment.totals)
        out.first = number
        out.events.clear()
        out.marks.clear()
        out.amendments.clear()

    def _early(self, out: Output) -> dict[int, Event | None]:
        """Fold what the reader amends, and return the changed events that are in no frame yet.

        A result mostly follows its call within a few lines, and an event in a frame must be encoded a second time.
        """
        changed: dict[int, Event | None] = {}
        for amendment in out.amendments:
            number = amendment.number
            if number >= out.first:
                event = changed.get(number, out.events[number - out.first])
                changed[number] = event and amendment.fold(event)
            elif not self._frame.amend(amendment):
                self._amendments.append(amendment)
        return changed

    def _close(self) -> None:
        packed = self._frame.packed()
        self._closed.append(packed)
        self._frame = self._frame.after(packed)

    def _increment(self, consumed: int, is_last: bool) -> Increment:
        self._drain()
        header = self._reader.header()
        return Increment(
            number=self._work.number,
            stat=self._log.stat,
            strand=self._reader.strand(),
            generation=self._generation,
            base=self._base,
            consumed=consumed,
            tail=self._log.tail(consumed) if not self._log.is_compressed else b"",
            header=header,
            state=msgspec.msgpack.encode(self._reader.state),
            tally=self._tally,
            closed=self._closed,
            frame=self._frame.packed(),
            amendments=self._amendments,
            first_event=self._first_event,
            words=self._words,
            own_words=self._own_words(header),
            records=self._records + self._out.records,
            skipped=_sum(self._skipped, self._out.skipped),
            raw=self._raw(consumed, is_last),
            bytes_read=self._log.bytes_read,
            holds_old=self._holds_old,
            is_last=is_last,
        )

    def _own_words(self, header: Header) -> str:
        """Return the title for the index when it is new or another than before."""
        title = header.context.title or ""
        changed, self._title = title != self._title, title
        return title if changed else ""

    def _raw(self, consumed: int, is_last: bool) -> list[RawRun]:
        """Return the log's own bytes of this increment; a compressed log is kept as it is, with its last one."""
        if not self._work.keep_raw:
            return []
        if not self._log.is_compressed:
            return [_raw_run(self._base, self._log.raw(self._base, consumed - self._base))]
        return [_raw_run(0, self._log.raw(0, self._log.stat.size))] if is_last else []


def _raw_run(offset: int, data: bytes) -> RawRun:
    return RawRun(offset, len(data), hashlib.sha256(data).hexdigest(), _pack(data))


def _sum(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {kind: one.get(kind, 0) + other.get(kind, 0) for kind in (one | other)}
