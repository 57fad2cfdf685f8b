"""What the registry says of one agent."""

from __future__ import annotations

from typing import NamedTuple

from parsers.places import Place


class Tool(NamedTuple):
    """An agent: `id` as in HAIL's `agent.tool`, `label` for people, `parser` as `module:class` below `parsers`."""

    id: str
    label: str
    parser: str
    version: int = 1
    places: tuple[Place, ...] = ()
