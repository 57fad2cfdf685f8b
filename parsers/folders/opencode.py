"""The places of OpenCode and its kin."""

from __future__ import annotations

import os
from collections.abc import Iterable
from glob import escape, glob

from parsers.places import Place, database

_LATEST = 3
"""Messages of OpenCode that may still change. Of the others only the folders of their parts are looked at."""


def opencode(name: str, *roots: str) -> tuple[Place, ...]:
    """Return the places of OpenCode or one of its kin: databases, and before them a tree of JSON files.

    The star before `session` makes the whole of `storage` the folder that is watched.
    """
    folders = (f"{{local}}/{name}", f"{{app}}/{name}", *roots)
    return tuple(
        place
        for root in folders
        for place in (
            database(root, f"{name}*.db"),
            Place(f"{root}/storage", "*session/*/*.json", _beside_session, _session),
            Place(root, "project/*/storage/session/info/*.json"),
        )
    )


def _beside_session(path: str) -> Iterable[str]:
    """Yield the folders of a session's messages and their parts, and the files of the latest messages."""
    storage = os.path.dirname(os.path.dirname(os.path.dirname(path)))
    folder = os.path.join(storage, "message", os.path.basename(path).removesuffix(".json"))
    messages = _listed(folder)
    yield folder
    for message in messages:
        yield os.path.join(storage, "part", message.removesuffix(".json"))
    for message in messages[-_LATEST:]:
        parts = os.path.join(storage, "part", message.removesuffix(".json"))
        yield os.path.join(folder, message)
        yield from (os.path.join(parts, part) for part in _listed(parts))


def _session(path: str) -> str:
    """Return the file of the session that a message or a part belongs to, told by the names of folders alone."""
    folder, name = os.path.split(path)
    above, owner = os.path.split(folder)
    storage, kind = os.path.split(above)
    if kind not in ("message", "part") or not name.endswith(".json"):
        return path
    if kind == "part":
        owner = os.path.basename(os.path.dirname(_named(storage, "message", owner)))
    return _named(storage, "session", owner) or path


def _named(storage: str, kind: str, stem: str) -> str:
    found = glob(os.path.join(escape(storage), kind, "*", f"{escape(stem)}.json")) if stem else []
    return found[0] if found else ""


def _listed(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    except OSError:
        return []
