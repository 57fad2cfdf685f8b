"""Calls of tools as agents write them down: each spells names in its own way, and gives the arguments as JSON."""

from __future__ import annotations

from typing import Any

from opensession.hail.model import Event, Json


def plain(name: str) -> str:
    """Return the name of a tool as all spellings have it: `TodoWrite`, `todo_write` and `todo-write` are one."""
    return name.replace("_", "").replace("-", "").lower()


def given(event: Event) -> Any:
    """Return the arguments of a call, or None where there are none."""
    return next((block.data for block in event.content.blocks if isinstance(block, Json)), None)
