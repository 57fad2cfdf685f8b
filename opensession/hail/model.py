"""The values of a HAIL session (`spec/hail.md` 1 and 2). Frozen, without identity in any database.

Time stamps keep their text, so that nanoseconds and rewriting lose nothing; `times.instant` reads them.
Every `extra` holds the keys that this version does not know, so that reading and writing is lossless.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from opensession.hail.actions import Action

VERSION = "hail-1.0.0"


class _Value(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False, kw_only=True):
    extra: dict[str, Any] = field(default_factory=dict, name=" extra")


class Text(_Value, frozen=True, tag=True):
    text: str


class Code(_Value, frozen=True, tag=True):
    code: str
    language: str | None = None
    start_line: Annotated[int, Meta(ge=0, lt=2**32)] | None = None


class Image(_Value, frozen=True, tag=True, kw_only=True):
    url: str
    alt: str | None = None
    mime: str


class Video(_Value, frozen=True, tag=True):
    url: str
    mime: str


class Audio(_Value, frozen=True, tag=True):
    url: str
    mime: str


class File(_Value, frozen=True, tag=True):
    path: str
    content: str | None = None


class Json(_Value, frozen=True, tag=True):
    data: Any


class Reference(_Value, frozen=True, tag=True):
    uri: str
    media_type: str


Block = Text | Code | Image | Video | Audio | File | Json | Reference


class Content(_Value, frozen=True):
    blocks: tuple[Block, ...]


EMPTY = Content(blocks=())


def text(words: str) -> Content:
    """Return content of one Text block."""
    return Content(blocks=(Text(text=words),))


class Event(_Value, frozen=True):
    """One thing that happened. `duration_ms` is milliseconds."""

    event_id: str
    timestamp: str
    action: Action
    task_id: str | None = None
    content: Content = EMPTY
    duration_ms: int | None = None
    attributes: dict[str, Any] = {}


class Agent(_Value, frozen=True):
    provider: str
    model: str
    tool: str
    tool_version: str | None = None


class Context(_Value, frozen=True, kw_only=True):
    title: str | None = None
    description: str | None = None
    tags: tuple[str, ...] = ()
    created_at: str
    updated_at: str
    related_session_ids: tuple[str, ...] = ()
    attributes: dict[str, Any] = {}


class Stats(_Value, frozen=True):
    """Counts over all events. `duration_seconds` is last listed minus first listed, whole seconds."""

    event_count: int = 0
    message_count: int = 0
    tool_call_count: int = 0
    task_count: int = 0
    duration_seconds: int = 0
    total_input_tokens: int = 0
    total_output_tokens: int = 0
    user_message_count: int = 0
    files_changed: int = 0
    lines_added: int = 0
    lines_removed: int = 0


class Header(_Value, frozen=True):
    session_id: str
    agent: Agent
    context: Context
    version: str = VERSION


class Session(_Value, frozen=True):
    """A whole session. Its header keys are `header`; `jsonl` writes them flat."""

    header: Header
    events: tuple[Event, ...] = ()
    stats: Stats = Stats()
