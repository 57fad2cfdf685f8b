"""The short HAIL of a session: what was said and changed, and the commands that did not succeed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from opensession.hail import jsonl
from opensession.hail.actions import (
    Action,
    AgentMessage,
    FileCreate,
    FileDelete,
    FileEdit,
    ShellCommand,
    TaskEnd,
    TaskStart,
    UserMessage,
)
from opensession.hail.extract import truncate
from opensession.hail.model import Block, Code, Content, Event, Header, Text

TAG = "handoff"
BLOCK_BYTES = 300
KEPT: tuple[type[Action], ...] = (UserMessage, AgentMessage, FileEdit, FileCreate, FileDelete, TaskStart, TaskEnd)


def digest(header: Header, events: Iterable[Event], now: str) -> str:
    """Return the digest as HAIL JSONL; its counts are those of the events that are kept. `now` is a HAIL time stamp."""
    kept = (_short(event) for event in events if _is_kept(event.action))
    return b"".join(jsonl.write(_header(header, now), kept)).decode()


def _header(header: Header, now: str) -> Header:
    context = header.context
    tags = context.tags if TAG in context.tags else (*context.tags, TAG)
    changes: dict[str, Any] = {
        "title": f"Handoff: {context.title or '(untitled)'}",
        "tags": tags,
        "updated_at": now,
        "related_session_ids": (header.session_id,),
        "attributes": {},
    }
    return replace(header, session_id=f"handoff-{header.session_id}", context=replace(context, **changes))


def _is_kept(action: Action) -> bool:
    return isinstance(action, KEPT) or (isinstance(action, ShellCommand) and action.exit_code != 0)


def _short(event: Event) -> Event:
    return replace(event, content=Content(blocks=tuple(_blocks(event.content.blocks))), attributes={})


def _blocks(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        match block:
            case Text(text=words):
                yield replace(block, text=truncate(words, BLOCK_BYTES))
            case Code(code=words):
                yield replace(block, code=truncate(words, BLOCK_BYTES))
            case _:
                yield block
