"""Keep what is nested too deeply for a reader of JSON out of the JSON of an event."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from opensession.hail.model import Block, Content, Json, Text

_NESTED = (dict, list)
MAX_DEPTH = 100
"""Levels of a value. Readers refuse from 128 on, and the event around it needs some."""


def shallow(content: Content) -> Content:
    """Return the content with such values as text."""
    for block in content.blocks:
        if type(block) is Json and is_deep(block.data):
            return replace(content, blocks=tuple(map(_shallow, content.blocks)))
    return content


def is_deep(value: Any) -> bool:
    """Tell whether a JSON value has more than `MAX_DEPTH` levels."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, _NESTED)]
        if not level:
            return False
    return True


def _shallow(block: Block) -> Block:
    return _text(block.data) if type(block) is Json and is_deep(block.data) else block


def _inside(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _text(value: Any) -> Text:
    try:
        return Text(text=msgspec.json.encode(value).decode())
    except RecursionError:
        return Text(text="[nested too deeply to be shown]")
