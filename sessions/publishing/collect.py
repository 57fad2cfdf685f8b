"""Collect what is to be stored of an uploaded session, one event at a time. Knows no database."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import BinaryIO, NamedTuple

from msgspec.structs import replace

from opensession.hail import extract, jsonl, times, validate
from opensession.hail.actions import UnknownAction, UserMessage
from opensession.hail.model import VERSION, Event, Header
from opensession.hail.score import SCORES
from opensession.hail.stats import Tally
from opensession.hail.validate import Problem
from parsers.base import Output
from sessions.ingest.frames import OpenFrame, Packed

MAJOR = "hail-1."
MOST_WARNINGS = 100
LONGEST_NAME = 500
"""Characters of an id or a tool: databases look them up in an index, which takes no longer ones."""

_SAID = 3
"""Texts of the user that a description is made of."""


class Refused(Exception):
    """What was uploaded is no session that can be taken. Says why, for people."""


class Collected(NamedTuple):
    """A session, ready to be stored. Its body stands in a file, the `data` of its frames is left out.

    `said` are the first texts of the user, `scores` are by plug-in.
    """

    header: Header
    tally: Tally
    frames: list[Packed]
    sha256: str
    said: tuple[str, ...]
    scores: dict[str, int]
    warnings: list[str]


def collect(header: Header, events: Iterable[Event], body: BinaryIO) -> Collected:
    """Collect a session that was read already. Raises Refused."""
    collector = Collector(body)
    for event in events:
        collector.add(event)
    return collector.finish(header)


class Collector:
    """Takes the events of a session, in order, and writes its body into a file."""

    def __init__(self, body: BinaryIO) -> None:
        self._body = body
        self._names = Output()
        self._tally, self._frame, self._digest = Tally(), OpenFrame(), sha256()
        self._closed: list[Packed] = []
        self._said: list[str] = []
        self._scorers = SCORES.scorers()
        self._warnings: list[str] = []
        self._count = self._more = 0
        self._last = self._unknown = ""

    def add(self, event: Event) -> None:
        event, mark = self._named(event)
        self._check(event)
        self._tally.add(event)
        for scorer in self._scorers.values():
            scorer.add(event)
        if type(event.action) is UserMessage and len(self._said) < _SAID and (text := extract.user_text(event)):
            self._said.append(extract.truncate(text, extract.DESCRIPTION_BYTES))
        self._frame.add(event, mark)
        self._count += 1
        if self._frame.is_full:
            self._close()

    def finish(self, header: Header) -> Collected:
        """Return what came together. Raises Refused."""
        _guard(header, self._unknown)
        if self._unknown:
            self._warn(f"event type {self._unknown!r} is not known here; such events are kept as they are")
        if not self._count:
            self._warn(str(Problem(validate.EMPTY_SESSION)))
        if not (self._frame.is_empty and self._closed):
            self._close()
        self._digest.update(jsonl.header_line(header))
        more = [f"and {self._more} more"] if self._more else []
        scores = {name: scorer.score() for name, scorer in self._scorers.items()}
        return Collected(
            header,
            self._tally,
            self._closed,
            self._digest.hexdigest(),
            tuple(self._said),
            scores,
            self._warnings + more,
        )

    def _named(self, event: Event) -> tuple[Event, int]:
        """Return the event under an id of its own, and the mark of that."""
        names = self._names
        names.emit(event)
        unique, mark = names.events.pop(), names.marks.pop()
        if unique.event_id != event.event_id:
            self._warn(str(Problem(validate.DUPLICATE_EVENT_ID, event.event_id, self._count)))
        return unique, mark

    def _check(self, event: Event) -> None:
        if missing := validate.missing(event):
            self._warn(str(Problem(validate.INVALID_EVENT, missing, self._count)))
        if isinstance(event.action, UnknownAction):
            self._unknown = self._unknown or event.action.name
        moment = times.key(event.timestamp)
        if moment < self._last:
            self._warn(str(Problem(validate.EVENTS_OUT_OF_ORDER, event.event_id, self._count)))
        self._last = moment

    def _warn(self, sentence: str) -> None:
        if len(self._warnings) < MOST_WARNINGS:
            self._warnings.append(sentence)
        else:
            self._more += 1

    def _close(self) -> None:
        packed = self._frame.packed()
        self._digest.update(self._frame.text)
        self._body.write(packed.data)
        self._closed.append(replace(packed, data=b""))
        self._frame = self._frame.after(packed)


def _guard(header: Header, unknown: str) -> None:
    """Refuse a version that is not known, a header without what it must have, and event types that no version has."""
    if problem := next(validate.in_header(header), None):
        raise Refused(str(problem))
    if max(len(header.session_id), len(header.agent.tool)) > LONGEST_NAME:
        raise Refused(f"`session_id` or `agent.tool` is longer than {LONGEST_NAME} characters")
    if not header.version.startswith(MAJOR):
        raise Refused(f"version {header.version!r} is not known here; it must begin with {MAJOR}")
    # What a later version adds is kept; under this one's name it is a mistake of the sender.
    if unknown and header.version == VERSION:
        raise Refused(f"{VERSION} has no event type {unknown!r}")
