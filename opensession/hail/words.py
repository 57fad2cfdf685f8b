"""The words of an event, for full-text search."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any

from opensession.hail import actions
from opensession.hail.actions import Action, FileEdit, UnknownAction
from opensession.hail.model import Block, Code, Event, File, Json, Text

CAP = 16384

# A run of base64 of 513 characters covers a whole block of 256 that starts at a multiple of 256. Probing those blocks
# is far cheaper than searching: nearly all of them fail at the first space.
_LONG = 512
_BLOCK = 256
_PROBE = re.compile(r"[A-Za-z0-9+/=_\-]{256}").match
_BLOB = re.compile(r"(?:data:[\w.+/\-]{0,100};base64,)?(?<![A-Za-z0-9+/=_\-])[A-Za-z0-9+/=_\-]{513,}")
_SURROGATES = re.compile("[\ud800-\udfff]")


def words(event: Event, cap: int = CAP) -> str:
    """Return what is worth finding in `event`, at most `cap` characters, without base64."""
    parts: list[str] = []
    room = cap
    for part in _parts(event):
        if part:
            if len(part) > _LONG:
                part = _readable(part, room)
            parts.append(part)
            room -= len(part) + 1
            if room <= 0:
                break
    return storable("\n".join(parts)[:cap])


def _parts(event: Event) -> list[str | None]:
    action = event.action
    payload = _PAYLOADS.get(type(action))
    parts: list[str | None] = [payload(action)] if payload else []
    for block in event.content.blocks:
        if type(block) is Text:
            parts.append(block.text)
        elif reader := _BLOCKS.get(type(block)):
            parts.extend(reader(block))
    if type(action) is FileEdit:
        parts.append(action.diff)
    return parts


def _readable(part: str, room: int) -> str:
    """Return what fits of a part; base64 takes no room."""
    if _has_run(part, room) and any(_PROBE(part, at) for at in range(0, min(len(part), room), _BLOCK)):
        part = _BLOB.sub(" ", part)
    return part[:room]


def _has_run(part: str, room: int) -> bool:
    """Tell whether a run of more than `_LONG` characters without a space begins within the room."""
    at, end = -1, min(len(part) - _LONG, room)
    while at < end:
        space = part.rfind(" ", at + 1, at + _LONG + 2)
        if space < 0:
            return True
        at = space
    return False


def storable(text: str) -> str:
    """Return `text` with what no database takes, NUL and lone surrogates, made U+FFFD."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if text.isascii():
        return text
    try:
        text.encode()  # Far cheaper than searching for a surrogate.
    except UnicodeEncodeError:
        return _SURROGATES.sub("\ufffd", text)
    return text


def _strings(block: Json) -> Iterator[str]:
    """Yield the strings in free-form JSON, in order; a stack, because it may nest deep."""
    waiting = [block.data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting.extend(reversed(value.values()))
        elif isinstance(value, list):
            waiting.extend(reversed(value))


_PAYLOADS: Mapping[type[Action], Callable[[Any], str | None]] = {
    kind: attrgetter(name)
    for name, kinds in {
        "name": (actions.ToolCall, actions.ToolResult, UnknownAction),
        "path": (actions.FileRead, FileEdit, actions.FileCreate, actions.FileDelete),
        "query": (actions.CodeSearch, actions.WebSearch),
        "pattern": (actions.FileSearch,),
        "command": (actions.ShellCommand,),
        "prompt": (actions.ImageGenerate, actions.VideoGenerate, actions.AudioGenerate),
        "url": (actions.WebFetch,),
        "title": (actions.TaskStart,),
        "summary": (actions.TaskEnd,),
        "kind": (actions.Custom,),
    }.items()
    for kind in kinds
}
_BLOCKS: Mapping[type[Block], Callable[[Any], Iterator[str] | tuple[str, ...]]] = {
    Code: lambda block: (block.code,),
    File: lambda block: (block.path, block.content or ""),
    Json: _strings,
}
