"""Events, and sessions as ingest would store them: every argument is optional."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import msgspec
from django.db import connection
from django.utils import timezone

from opensession.hail import actions, times
from opensession.hail.model import Agent, Block, Content, Context, Event, Header, Text
from opensession.hail.stats import Tally
from opensession.hail.words import words
from parsers.base import MAIN
from sessions import bodies, fulltext
from sessions.ingest import reword
from sessions.ingest.frames import OpenFrame, Packed
from sessions.ingest.rows import StrandFacts, session_row
from sessions.models import Frame, SearchBlock, SearchCounter, Session, Strand

START = datetime(2026, 3, 1, 10, tzinfo=UTC)
_encode = msgspec.msgpack.Encoder().encode
_numbers = count()


def event(action: actions.Action, *said: str | Block, seconds: float = 0, **attributes: Any) -> Event:
    """Return an event with this content; `call_id` pairs a call with its result."""
    call_id = attributes.pop("call_id", None)
    if call_id:
        attributes["semantic.call_id"] = call_id
    return Event(
        event_id=attributes.pop("event_id", None) or f"e{next(_numbers)}",
        timestamp=times.from_datetime(START + timedelta(seconds=seconds)),
        action=action,
        content=Content(blocks=tuple(Text(text=one) if isinstance(one, str) else one for one in said)),
        attributes=attributes,
    )


def user(said: str = "Please fix the test", **more: Any) -> Event:
    return event(actions.UserMessage(), said, **more)


def agent(said: str = "It is fixed", **more: Any) -> Event:
    return event(actions.AgentMessage(), said, **more)


def thinking(said: str = "Let me see", **more: Any) -> Event:
    return event(actions.Thinking(), said, **more)


def call(name: str = "Skill", *said: str | Block, **more: Any) -> Event:
    return event(actions.ToolCall(name=name), *said, **more)


def result(said: str = "done", name: str = "Skill", is_error: bool = False, **more: Any) -> Event:
    return event(actions.ToolResult(name=name, is_error=is_error, call_id=more.get("call_id")), said, **more)


def shell(command: str = "make test", exit_code: int | None = 0, **more: Any) -> Event:
    return event(actions.ShellCommand(command=command, exit_code=exit_code), **more)


def edit(path: str = "/code/shop/cart.py", diff: str = "@@ -1 +1 @@\n-old\n+new", **more: Any) -> Event:
    return event(actions.FileEdit(path=path, diff=diff), **more)


def note(kind: str = "token_count", **more: Any) -> Event:
    return event(actions.Custom(kind=kind), **more)


def make_session(*events: Event, **fields: Any) -> Session:
    """Store a session with these events as its main thread; indexed, and ended just now, unless `fields` say more."""
    given = events or (user(), agent())
    header = _header(fields.get("tool", "claude-code"), fields.get("hail_id") or uuid4().hex, fields.get("title"))
    facts = StrandFacts(MAIN, header, _tally(given), {"user": len(given)}, {})
    parent = fields.pop("parent", None)
    row = session_row(uuid4(), [facts], parent and parent.pk, timezone.now())
    session = Session.objects.create(**{**row, "updated_at": timezone.now(), **fields})
    make_strand(session, given, header=header)
    return session


def make_sessions(number: int, **fields: Any) -> None:
    for _ in range(number):
        make_session(**fields)


def make_strand(session: Session, events: Sequence[Event], key: str = MAIN, **more: Any) -> Strand:
    """Store a thread of a session; `title` names a subagent."""
    identity = uuid4()
    header = more.get("header") or _header(session.tool, session.hail_id, more.get("title"))
    strand = Strand.objects.create(
        id=identity,
        session=session,
        key=key,
        events=len(events),
        header=_encode(header),
        tally=_encode(_tally(events)),
        body=f"{identity.hex}.zst",
    )
    append(strand, events, first=0)
    return strand


def append(strand: Strand, events: Sequence[Event], first: int | None = None) -> None:
    """Store more events at the end of a strand, in frames of their own."""
    first = strand.events if first is None else first
    frames = _frames(events, n=strand.frames.count(), first=first)
    bodies.append([bodies.Piece(strand.body, frame.offset, frame.data) for frame in frames[:-1]])
    for frame in frames:
        columns = {name: getattr(frame, name) for name in Packed.__struct_fields__ if name != "data"}
        Frame.objects.create(strand=strand, data=frame.data if frame is frames[-1] else None, **columns)
    strand.events, strand.consumed = first + len(events), strand.consumed + 1
    strand.save()
    _index_words(strand, events, first)


def _frames(events: Iterable[Event], n: int, first: int) -> list[Packed]:
    frame, done = OpenFrame(n, first), []
    for one in events:
        if frame.is_full:
            done.append(frame.packed())
            frame = frame.after(done[-1])
        frame.add(one, zlib.crc32(one.event_id.encode()))
    return [*done, frame.packed()]


def _index_words(strand: Strand, events: Sequence[Event], first: int) -> None:
    if strand.session.origin == "uploaded":
        reword.write_words(strand.pk)
        return
    counter, _ = SearchCounter.objects.get_or_create(pk=1)
    row = counter.next_row
    SearchBlock.objects.create(first=row, count=max(1, len(events)), strand=strand, first_event=first)
    with connection.cursor() as cursor:
        fulltext.engine().add(cursor, [(row + number, words(one)) for number, one in enumerate(events)])
    SearchCounter.objects.filter(pk=1).update(next_row=row + max(1, len(events)))


def _header(tool: str, hail_id: str, title: str | None) -> Header:
    moment = times.from_datetime(START)
    return Header(
        session_id=hail_id,
        agent=Agent(provider="test", model="test-1", tool=tool),
        context=Context(created_at=moment, updated_at=moment, title=title),
    )


def _tally(events: Iterable[Event]) -> Tally:
    tally = Tally()
    for one in events:
        tally.add(one)
    return tally
