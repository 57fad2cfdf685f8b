"""What is wrong with a session that reads well. Reading checks the shape, this the sense."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from opensession.hail import actions, times
from opensession.hail.actions import Action
from opensession.hail.model import Event, Header, Session

INVALID_VERSION = "InvalidVersion"
MISSING_FIELD = "MissingField"
EMPTY_SESSION = "EmptySession"
INVALID_EVENT = "InvalidEvent"
DUPLICATE_EVENT_ID = "DuplicateEventId"
EVENTS_OUT_OF_ORDER = "EventsOutOfOrder"


class Problem(Struct, frozen=True):
    """One finding. `subject` is the version, field or event id it is about, `index` the event's place from 0."""

    kind: str
    subject: str = ""
    index: int | None = None

    def __str__(self) -> str:
        return _SENTENCES[self.kind].format(subject=self.subject, index=self.index)


_SENTENCES: Mapping[str, str] = {
    INVALID_VERSION: "version {subject!r} does not start with `hail-`",
    MISSING_FIELD: "`{subject}` is empty",
    EMPTY_SESSION: "there are no events",
    INVALID_EVENT: "event {index}: `{subject}` is empty",
    DUPLICATE_EVENT_ID: "event id {subject!r} is used again",
    EVENTS_OUT_OF_ORDER: "event {index} is earlier than the one before it",
}

# The one payload field of each action that may not be empty; other actions are free.
_REQUIRED: Mapping[type[Action], str] = {
    actions.ToolCall: "name",
    actions.ToolResult: "name",
    actions.FileRead: "path",
    actions.FileEdit: "path",
    actions.FileCreate: "path",
    actions.FileDelete: "path",
    actions.ShellCommand: "command",
}


def problems(session: Session) -> tuple[Problem, ...]:
    """Return everything that is wrong, in the order of the checks; nothing when the session is sound."""
    return (*in_header(session.header), *_in_events(session.events))


def in_header(header: Header) -> Iterator[Problem]:
    """Yield what is wrong with a header."""
    if not header.version.startswith("hail-"):
        yield Problem(INVALID_VERSION, header.version)
    required = {
        "session_id": header.session_id,
        "agent.provider": header.agent.provider,
        "agent.tool": header.agent.tool,
    }
    yield from (Problem(MISSING_FIELD, name) for name, value in required.items() if not value)


def _in_events(events: Sequence[Event]) -> Iterator[Problem]:
    if not events:
        yield Problem(EMPTY_SESSION)
    for index, event in enumerate(events):
        if name := missing(event):
            yield Problem(INVALID_EVENT, name, index)
    yield from _repeated(events)
    for index, (before, event) in enumerate(pairwise(events), 1):
        if times.key(event.timestamp) < times.key(before.timestamp):
            yield Problem(EVENTS_OUT_OF_ORDER, event.event_id, index)


def missing(event: Event) -> str | None:
    """Return what an event must have and has not."""
    if not event.event_id:
        return "event_id"
    name = _REQUIRED.get(type(event.action))
    return f"event_type.{name}" if name and not getattr(event.action, name) else None


def _repeated(events: Sequence[Event]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, event in enumerate(events):
        if event.event_id in seen:
            yield Problem(DUPLICATE_EVENT_ID, event.event_id, index)
        seen.add(event.event_id)
