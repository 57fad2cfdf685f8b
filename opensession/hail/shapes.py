"""The shapes of HAIL's JSON objects, as msgspec types. They and `extras` serve `wire` alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Union

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from opensession.hail import actions
from opensession.hail.actions import Action
from opensession.hail.model import Agent, Content

ENCODER = msgspec.json.Encoder(order=None)

# The name under which an `extra` passes through msgspec: no file has such a key, and one that has goes the slow way.
EXTRA = " extra"
MARK = b'" extra"'


class Wire(Struct, omit_defaults=True, forbid_unknown_fields=True, gc=False, kw_only=True):
    extra: dict[str, Any] = field(default_factory=dict, name=EXTRA)


class Plain(Wire, kw_only=True):
    """An event type without payload; an explicit null is allowed."""

    data: None = None


class Loaded(Wire, kw_only=True):
    data: Any


class Unknown(Wire, kw_only=True):
    type: str
    data: Any | UnsetType = UNSET


# msgspec has no adjacent tagging: each variant gets a tagged shape of its own, with the action as its `data`.
PLAIN: Mapping[type[Action], Any] = {
    kind: msgspec.defstruct(kind.__name__, (), bases=(Plain,), tag=True) for kind in actions.PLAIN
}
LOADED: Mapping[type[Action], Any] = {
    kind: msgspec.defstruct(kind.__name__, [("data", kind)], bases=(Loaded,), tag=True, kw_only=True)
    for kind in actions.WITH_DATA
}
PLAIN_ACTIONS: Mapping[type[Any], type[Action]] = {shape: kind for kind, shape in PLAIN.items()}
EventType: Any = Union[(*PLAIN.values(), *LOADED.values())]

# msgspec cannot state the upper bound, 2**64 - 1: `wire` checks it.
Unsigned = Annotated[int, Meta(ge=0)]


class EventBody(Wire, kw_only=True):
    event_id: str
    timestamp: str
    event_type: EventType
    task_id: str | None = None
    content: Content
    duration_ms: Unsigned | None = None
    attributes: dict[str, Any] = {}


class EventLine(EventBody, tag="event", kw_only=True):
    pass


class ContextBody(Wire, kw_only=True):
    title: str | None = None
    description: str | None = None
    # The default has a factory that msgspec cannot compare with, so that empty tags are written all the same.
    tags: tuple[str, ...] = field(default_factory=lambda: ())
    created_at: str
    updated_at: str
    related_session_ids: tuple[str, ...] = ()
    attributes: dict[str, Any] = {}


class HeaderBody(Wire, kw_only=True):
    version: str
    session_id: str
    agent: Agent
    context: ContextBody


class HeaderLine(HeaderBody, tag="header", kw_only=True):
    pass


class StatsBody(Wire, omit_defaults=False, kw_only=True):
    event_count: Unsigned
    message_count: Unsigned
    tool_call_count: Unsigned
    task_count: Unsigned
    duration_seconds: Unsigned
    total_input_tokens: Unsigned = 0
    total_output_tokens: Unsigned = 0
    user_message_count: Unsigned = 0
    files_changed: Unsigned = 0
    lines_added: Unsigned = 0
    lines_removed: Unsigned = 0
    extra: dict[str, Any] | UnsetType = field(default=UNSET, name=EXTRA)  # type: ignore[assignment]


class StatsLine(StatsBody, tag="stats", kw_only=True):
    pass


class Document(HeaderBody, kw_only=True):
    events: tuple[EventBody, ...]
    stats: StatsBody
