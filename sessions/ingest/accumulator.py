"""Take what a parser emits into frames, totals and search texts, so that little of it is ever held. Knows no Django."""

from __future__ import annotations

from array import array

from opensession.hail.model import Event, Header
from opensession.hail.stats import Tally
from opensession.hail.words import words
from parsers.base import Amendment, Output
from sessions.ingest.frames import OpenFrame, Packed
from sessions.ingest.work import Counts, Made, Resume

_DRAIN_EVERY = 64
"""Events."""


class Accumulator:
    """Collects a strand, or what is new of one. `out` is what the parser fills.

    It must be drained while it is filled, but never in the midst of a record that a reader is reading.
    """

    def __init__(self, resume: Resume | None = None) -> None:
        self.tally, self._frame, self._title = Tally(), OpenFrame(), ""
        self._counts = Counts()
        first, seen = 0, set[int]()
        if resume:
            self.tally, self._title = resume.tally, resume.title
            self._frame = OpenFrame.resumed(resume.frame)
            self._counts = resume.counts
            first, seen = resume.frame.first + resume.frame.count, set(array("I", resume.seen))
        self.out = Output(first, seen)
        self._begin()

    def _begin(self) -> None:
        self._first_event = self.out.first
        self._closed: list[Packed] = []
        self._amendments: list[Amendment] = []
        self._words: list[tuple[int, str]] = []

    def take(self, header: Header) -> Made:
        """Return what came together since the last time, and begin anew."""
        self.drain()
        made = Made(
            header=header,
            tally=self.tally,
            closed=self._closed,
            frame=self._frame.packed(),
            amendments=self._amendments,
            first_event=self._first_event,
            words=self._words,
            own_words=self._own_words(header),
            counts=self._counts.plus(self.out),
        )
        self._begin()
        return made

    def drain_if_full(self) -> None:
        if len(self.out.events) >= _DRAIN_EVERY:
            self.drain()

    def drain(self) -> None:
        """Move what the parser gave into frames, totals and search texts."""
        out, number = self.out, self.out.first
        early = self._early(out)
        for event, mark in zip(out.events, out.marks, strict=True):
            self.tally.add(event)
            self._frame.add(early.get(number, event), mark)
            if text := words(event):
                self._words.append((number, text))
            number += 1
            if self._frame.is_full:
                self._close()
        for amendment in out.amendments:
            self.tally.amend(amendment.totals)
        out.first = number
        out.events.clear()
        out.marks.clear()
        out.amendments.clear()

    def _early(self, out: Output) -> dict[int, Event | None]:
        """Fold what the parser amends, and return the changed events that are in no frame yet.

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

    def _own_words(self, header: Header) -> str:
        """Return the title for the index when it is new or another than before."""
        title = header.context.title or ""
        changed, self._title = title != self._title, title
        return title if changed else ""


class Drained(Output):
    """The output for a document, which is read in one go: it is emptied while it is filled."""

    __slots__ = ("_accumulator",)

    def __init__(self, accumulator: Accumulator) -> None:
        super().__init__()
        self._accumulator = accumulator
        accumulator.out = self

    def emit(self, event: Event) -> int:
        self._accumulator.drain_if_full()
        return super().emit(event)
