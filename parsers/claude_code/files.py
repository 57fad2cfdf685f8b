"""Where Claude Code keeps its logs, and which files belong to one session. Opens a few first lines at most."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from parsers.claude_code.records import decode
from parsers.lines import complete

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
PREFIXES = ("agent-", "agent_", "subagent-", "subagent_")
HEAD_LINES = 16


class Meta(Struct, rename="camel"):
    """What stands beside a subagent's log."""

    agent_type: str | None = None
    description: str | None = None


def is_subagent(path: Path) -> bool:
    """Tell by the path whether this is the log of a subagent."""
    return "subagents" in path.parts or path.name.lower().startswith(PREFIXES)


def native_id(path: Path) -> str | None:
    """Return the session id when the file is named after it."""
    return path.stem if UUID.fullmatch(path.stem) else None


def parent_id(path: Path) -> str | None:
    """Return the id of the session below whose folder a subagent's log lies."""
    parts = path.parts[:-1]
    if "subagents" not in parts:
        return None
    above = parts[: len(parts) - 1 - parts[::-1].index("subagents")]
    return above[-1] if above and UUID.fullmatch(above[-1]) else None


def is_meta(path: Path) -> bool:
    """Tell whether this is what stands beside a subagent's log."""
    return path.name.endswith(".meta.json")


def meta(path: Path) -> Meta:
    """Return what the `.meta.json` beside a subagent's log says."""
    try:
        return msgspec.json.decode(path.with_suffix(".meta.json").read_bytes(), type=Meta)
    except (OSError, msgspec.DecodeError):
        return Meta()


def companions(path: Path) -> tuple[Path, ...]:
    """Return the logs of the subagents of the session at `path`, in path order, and of no other session."""
    if is_subagent(path):
        return ()
    found = sorted(set(_candidates(path)))
    session = (native_id(path) or first_session(path)) if found else None
    return tuple(log for log in found if session and session_of(log) == session)


def session_of(log: Path) -> str | None:
    """Return the session of a subagent's log: the folder it lies in decides, else what its lines say."""
    return parent_id(log) or first_session(log)


def first_session(path: Path) -> str | None:
    """Return the first session id that a log names, looking at its first lines only."""
    try:
        with path.open("rb") as log:
            for (line, _), _ in zip(complete(log), range(HEAD_LINES), strict=False):
                for record in decode(line or b""):
                    if record.session_id:
                        return record.session_id
    except OSError:
        pass
    return None


def _candidates(path: Path) -> Iterator[Path]:
    """Yield the logs that may belong to it: in its own folder, and where older versions put them."""
    yield from _logs(path.with_suffix("") / "subagents", "**/*.jsonl")
    yield from _logs(path.parent / "subagents", "*.jsonl")
    yield from _logs(path.parent, "agent-*.jsonl")


def _logs(folder: Path, pattern: str) -> Iterator[Path]:
    return (log for log in folder.glob(pattern) if log.name.lower().startswith(PREFIXES))
