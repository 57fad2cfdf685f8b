"""How a session is read by those who have a link to it: redacted, and without the turns that were left out."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from msgspec.structs import replace

from opensession.hail import jsonl, times
from opensession.hail.model import Context, Header
from opensession.redaction.engine import Redactor
from opensession.redaction.walk import redacted
from parsers.base import MAIN
from sessions import bodies
from sessions.bodies import Numbered
from sessions.models import Session, Strand
from sessions.sharing import Range

Value = TypeVar("Value")

_WORDS = ("title", "description", "model", "provider", "tool_version", "cwd", "repo", "branch", "hail_id")


class Lens:
    """What one link shows. It `is_stale` where a strand was read anew since: the ranges would hide the wrong events."""

    def __init__(self, session: Session, hidden: Sequence[Range]) -> None:
        stored = session.strands.filter(is_live=True).only("session_id", "key", "events", "body")
        strands = {strand.pk: strand for strand in stored}
        self.is_stale = any(each.strand not in strands for each in hidden)
        self._hidden = (*hidden, *_started_since(hidden, strands))
        # A title is made of the first words of a session more often than not.
        opening = {each.strand for each in hidden if each.first == 0}
        self._is_nameless = any(strand.key == MAIN and strand.pk in opening for strand in strands.values())
        self._row = session

    def shows(self, strand: Strand) -> bool:
        return Range(strand.pk, 0, None) not in self._hidden

    def kept(self, strand: Strand, events: Iterable[Numbered]) -> Iterator[Numbered]:
        """Yield the events that were not left out, as they are."""
        ranges = [(each.first, each.stop) for each in self._hidden if each.strand == strand.pk]
        for number, event in events:
            if not any(first <= number and (stop is None or number < stop) for first, stop in ranges):
                yield number, event

    def seen(self, strand: Strand, events: Iterable[Numbered]) -> Iterator[Numbered]:
        """Yield the events as a reader sees them."""
        return ((number, self.value(event)) for number, event in self.kept(strand, events))

    def value(self, value: Value) -> Value:
        return redacted(value, redactor())[0]

    def session(self) -> Session:
        """Return a copy of the row in the words that may be shown."""
        row = copy.copy(self._row)
        for name in _WORDS:
            setattr(row, name, self.value(getattr(row, name)))
        row.tags = self.value(row.tags)
        if self._is_nameless:
            row.title = row.description = ""
        return row

    def raw(self) -> Iterator[bytes]:
        """Yield the lines of HAIL; the stats count what is in them. Raises BodyMissing."""
        header = self._header(bodies.session_header(self._row))
        return jsonl.write(header, map(self.value, bodies.merged(self._row, self)))

    def _header(self, header: Header) -> Header:
        if self._is_nameless:
            known = header.context
            header = replace(header, context=Context(created_at=known.created_at, updated_at=known.updated_at))
        return self.value(header)


def _started_since(hidden: Sequence[Range], strands: Mapping[UUID, Strand]) -> Iterator[Range]:
    """Yield the subagents that began with a last turn that is left out, or later: they may have been started in it."""
    open_ended = [(strands[each.strand], each.first) for each in hidden if each.stop is None and each.strand in strands]
    starts = [
        times.key(event.timestamp)
        for strand, first in open_ended
        if first or strand.key == MAIN
        for _, event in bodies.window(strand, first, 1)
    ]
    for strand in strands.values() if starts else ():
        if strand.key != MAIN and times.key(bodies.tally(strand).first) >= min(starts):
            yield Range(strand.pk, 0, None)


@cache
def redactor() -> Redactor:
    """Return the redactor of what is shown to others. Compiling its rules takes long, so there is one."""
    return Redactor(homes=[str(Path.home())])
