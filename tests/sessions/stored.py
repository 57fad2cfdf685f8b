"""Sessions as ingest would store them, made in a line each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from django.db import connection

from opensession.hail.actions import Action, UserMessage
from opensession.hail.model import Agent, Context, Event, Header, text
from opensession.hail.stats import Tally
from opensession.hail.words import words
from parsers.base import MAIN
from sessions import bodies, fulltext
from sessions.ingest.frames import OpenFrame, Packed
from sessions.models import Frame, SearchBlock, SearchCounter, Session, Strand

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
encode = msgspec.msgpack.Encoder().encode


def event(said: str = "", action: Action | None = None, number: int = 0) -> Event:
    return Event(
        event_id=f"e{number}",
        timestamp="2026-03-01T10:00:00Z",
        action=action or UserMessage(),
        content=text(said),
    )


def session(*said: str | Event, **fields: Any) -> Session:
    """Store a session with these messages or events as its main strand. It is indexed, unless it has an owner."""
    moment = fields.pop("updated_at", NOW)
    row = Session.objects.create(
        **{
            "tool": "claude-code",
            "hail_id": uuid4().hex,
            "origin": "uploaded" if fields.get("owner") else "indexed",
            "visibility": "private",
            "created_at": moment,
            "updated_at": moment,
            "indexed_at": NOW,
        }
        | fields
    )
    strand(row, *said)
    return row


def strand(session: Session, *said: str | Event, key: str = MAIN, **fields: Any) -> Strand:
    """Store a strand; the first half of its events lies in a closed frame."""
    events = [one if isinstance(one, Event) else event(one, number=number) for number, one in enumerate(said)]
    identity = uuid4()
    row = Strand.objects.create(
        id=identity,
        session=session,
        key=key,
        events=len(events),
        header=encode(_header(session)),
        tally=encode(Tally()),
        body=f"{identity.hex}.zst",
        **fields,
    )
    _store_frames(row, events)
    _store_words(row, session.title, events)
    return row


def rows_of(strand: Strand) -> list[tuple[int, int]]:
    """Return the first full-text row and the number of rows of each block of a strand."""
    return list(SearchBlock.objects.filter(strand=strand).order_by("first").values_list("first", "count"))


def identities(found: Sequence[Session]) -> list[UUID]:
    return [one.pk for one in found]


def _header(session: Session) -> Header:
    moment = "2026-03-01T10:00:00Z"
    return Header(
        session_id=session.hail_id,
        agent=Agent(provider="test", model="test-1", tool=session.tool),
        context=Context(created_at=moment, updated_at=moment, title=session.title or None),
    )


def _store_frames(strand: Strand, events: Sequence[Event]) -> None:
    half = len(events) // 2
    closed = _packed(OpenFrame(), events[:half])
    bodies.append([bodies.Piece(strand.body, 0, closed.data)])
    opened = _packed(OpenFrame().after(closed), events[half:])
    for packed, data in ((closed, None), (opened, opened.data)):
        columns = {name: getattr(packed, name) for name in Packed.__struct_fields__ if name != "data"}
        Frame.objects.create(strand=strand, data=data, **columns)


def _packed(frame: OpenFrame, events: Sequence[Event]) -> Packed:
    for one in events:
        frame.add(one, 0)
    return frame.packed()


def _store_words(strand: Strand, title: str, events: Sequence[Event]) -> None:
    counter, _ = SearchCounter.objects.get_or_create(pk=1)
    first = counter.next_row
    SearchBlock.objects.create(first=first, count=1, strand=strand, first_event=-1)
    SearchBlock.objects.create(first=first + 1, count=len(events) or 1, strand=strand, first_event=0)
    texts = [(first + 1 + number, words(one)) for number, one in enumerate(events)]
    with connection.cursor() as cursor:
        fulltext.engine().add(cursor, [(first, title), *texts] if title else texts)
    SearchCounter.objects.filter(pk=1).update(next_row=first + 1 + (len(events) or 1))
