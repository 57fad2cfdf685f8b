"""The files of a Kimi session, told from any of them. Nothing above the session's own folder is read but one list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import md5
from pathlib import Path
from typing import Any, NamedTuple

from parsers.documents import beside
from parsers.fields import mapping, moment, objects, text
from parsers.transcript import Facts

STATE = ".state.json"
_OWN_NAMES = ("wire.jsonl", "context.jsonl", "state.json")
_HASH = re.compile(r"[0-9a-f]{32}").fullmatch
_AGENT_HOME = re.compile(r"/sessions/[^/]+/([^/]+)/agents/").search


class Folder(NamedTuple):
    """The logs of a session: of the main agent in the order of trust, and of each subagent. `state` is what Kimi says.

    `id` is empty where nothing but the log itself is there, and its name says nothing.
    """

    id: str
    logs: tuple[Path, ...]
    subagents: Mapping[str, Path]
    state: dict[str, Any]
    cwd: str = ""

    def learn(self, facts: Facts) -> None:
        """Take the facts of the session."""
        facts.learn(
            session_id=self.id,
            title=text(self.state, "custom_title", "title"),
            cwd=text(self.state, "workDir") or self.cwd,
            created=moment(self.state, "createdAt"),
            updated=moment(self.state, "updatedAt"),
        )

    def stamp(self, log: Path | None) -> str:
        """Return what changes whenever a log or what is said of it does."""
        parts = [_stamp(path) for path in ((log,) if log else self.logs)]
        return ":".join([*parts, str(hash_of(self.state))])


def found(path: Path) -> Folder:
    """Return the session that a file belongs to."""
    if path.name == "wire.jsonl" and path.parent.parent.name == "agents":
        if (path.parent.parent / "main" / "wire.jsonl").is_file():
            return _of_agents(path.parents[2])
        return Folder(path.parents[2].name, (path,), {}, {})
    if path.name not in _OWN_NAMES:
        return _alone(path)
    if (path.parent / "agents" / "main" / "wire.jsonl").is_file():
        return _of_agents(path.parent)
    return _of_files(path.parent)


def _of_agents(root: Path) -> Folder:
    logs = {log.parent.name: log for log in sorted(root.glob("agents/*/wire.jsonl")) if _is_own(log)}
    main = logs.pop("main", root / "agents" / "main" / "wire.jsonl")
    return Folder(root.name, (main,), logs, _state(root / "state.json"))


def _of_files(root: Path) -> Folder:
    """Return the session in whose folder the log lies itself, or what is told of it where there is none."""
    logs = tuple(log for name in ("wire.jsonl", "context.jsonl") if (log := root / name).is_file())
    state = _state(root / "state.json")
    return Folder((not logs and _named(state)) or root.name, logs, {}, state, _work_dir(root))


def _alone(path: Path) -> Folder:
    """Return a session whose log was put elsewhere, `<name>.jsonl`, maybe with its `<name>.state.json`."""
    stem = path.name.removesuffix(STATE).removesuffix(".jsonl")
    log = path if path.suffix == ".jsonl" else path.with_name(f"{stem}.jsonl")
    state = _state(path.with_name(f"{stem}{STATE}"))
    return Folder(_named(state) or stem, (log,) if log.is_file() else (), {}, state)


def _is_own(log: Path) -> bool:
    return log.is_file() and not log.is_symlink() and not log.parent.is_symlink()


def _state(path: Path) -> dict[str, Any]:
    return mapping(beside(path, path.name))


def _named(state: dict[str, Any]) -> str:
    """Return the session that the home of an agent names."""
    match = _AGENT_HOME(text(mapping(state, "agents", "main"), "homedir").replace("\\", "/"))
    return match[1] if match else ""


def _work_dir(root: Path) -> str:
    """Return the folder that the session worked in: of it the path has the MD5 only, and Kimi has a list of all."""
    if root.parent.parent.name != "sessions" or not _HASH(root.parent.name):
        return ""
    known = (text(entry, "path") for entry in objects(beside(root.parents[1], "kimi.json"), "work_dirs"))
    return next((path for path in known if _md5(path) == root.parent.name), "")


def _md5(path: str) -> str:
    return md5(path.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def _stamp(path: Path) -> str:
    try:
        stat = path.stat()
    except OSError:
        return ""
    return f"{stat.st_size}.{stat.st_mtime_ns}"


def hash_of(state: dict[str, Any]) -> str:
    """Return a short digest of a state."""
    return _md5(repr(state))[:8]
