"""What every writer of sessions is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from handoff.native.turns import Turn


class Start(NamedTuple):
    """Where and when a new session starts; `id` is a UUID that no other session has."""

    id: str
    cwd: str
    now: datetime
    branch: str = ""


class Written(NamedTuple):
    """A session file, not yet on disk, and the command that goes on with it."""

    path: Path
    text: str
    command: tuple[str, ...]


Writer = Callable[[Sequence[Turn], Start, Path, Mapping[str, str]], Written]
"""Takes the turns, the start, the home directory and the environment."""


def lines(records: Sequence[Mapping[str, object]]) -> str:
    return "".join(msgspec.json.encode(record).decode() + "\n" for record in records)


def stamp(now: datetime) -> str:
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
