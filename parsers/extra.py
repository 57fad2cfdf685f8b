"""Places that the user adds: another home, a folder of one, or a folder with the logs of a tool."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from parsers.places import Machine, Place
from parsers.registry import REGISTRY

ToolPlace = tuple[str, Place]
_LEVELS = 6
"""Folders that a place lies below a home at most."""


def of_tool(tool: str, folder: Path) -> Iterator[ToolPlace]:
    """Yield the places of a tool's logs in a folder that holds them directly, as the tool's own folder does."""
    for place in next(each.places for each in REGISTRY if each.id == tool):
        yield tool, place._replace(root=str(folder), pattern="/".join(place.parts()[1]))


def below(folder: Path) -> Iterator[ToolPlace]:
    """Yield the places of all tools that lie in a folder, be it a home, `.claude` or `.claude/projects` of one."""
    for home in (folder, *list(folder.parents)[:_LEVELS]):
        for tool in REGISTRY:
            for place in tool.places:
                for lies in place.folders(Machine(home, {})):
                    if lies.is_relative_to(folder):
                        yield tool.id, place._replace(root=str(lies), pattern="/".join(place.parts()[1]))
