"""Keep what is nested too deeply for a reader of JSON out of the JSON of an event."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from opensession.hail.model import Content, Json, Text

MAX_DEPTH = 100
"""Levels of a value. Readers refuse from 128 on, and the event around it needs some."""


def shallow(content: Content) -> Content:
    """Return the content with such values as text."""
    if not any(type(block) is Json and is_deep(block.data) for block in content.blocks):
        return content
    blocks = (_text(block.data) if type(block) is Json and is_deep(block.data) else block for block in content.blocks)
    return replace(content, blocks=tuple(blocks))


def is_deep(value: Any) -> bool:
    """Tell whether a JSON value has more than `MAX_DEPTH` levels."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, dict | list)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _text(value: Any) -> Text:
    try:
        return Text(text=msgspec.json.encode(value).decode())
    except RecursionError:
        return Text(text="[nested too deeply to be shown]")
