"""Find the logs that agents keep below a home directory. Reads folders and `stat`, opens no file."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from stat import S_ISREG
from typing import NamedTuple

MAX_DEPTH = 8


class Log(NamedTuple):
    """A log file as `stat` shows it. `size` is bytes, `mtime_ns` nanoseconds."""

    tool: str
    path: str
    size: int
    mtime_ns: int
    inode: int


class Unreadable(NamedTuple):
    """A folder or file that could not be looked at, and why."""

    path: str
    reason: str


class Place(NamedTuple):
    """Where a tool keeps its logs, and how their file names look."""

    tool: str
    folders: Callable[[Path, Mapping[str, str]], Iterable[Path]]
    names: re.Pattern[str]


def _claude_folders(home: Path, env: Mapping[str, str]) -> Iterator[Path]:
    override = [Path(part.strip()) for part in env.get("CLAUDE_CONFIG_DIR", "").split(",") if part.strip()]
    for folder in (*override, home / ".claude", home / ".config" / "claude"):
        yield folder / "projects"


def _codex_folders(home: Path, env: Mapping[str, str]) -> Iterator[Path]:
    override = [Path(part) for part in [env.get("CODEX_HOME", "").strip()] if part]
    for folder in (*override, home / ".codex"):
        yield folder / "sessions"
        yield folder / "archived_sessions"


PLACES = (
    Place("claude-code", _claude_folders, re.compile(r".+\.jsonl")),
    Place("codex", _codex_folders, re.compile(r"rollout(-.*)?\.jsonl(\.zst)?", re.IGNORECASE)),
)


def roots(home: Path, env: Mapping[str, str]) -> dict[str, tuple[Path, ...]]:
    """Return the folders of each tool, those of its own override variables first."""
    return {place.tool: tuple(dict.fromkeys(place.folders(home, env))) for place in PLACES}


def logs(home: Path, env: Mapping[str, str], unreadable: list[Unreadable]) -> Iterator[Log]:
    """Yield every log below the known folders. What cannot be looked at is appended to `unreadable`."""
    seen: set[str] = set()
    for place in PLACES:
        for folder in dict.fromkeys(place.folders(home, env)):
            for log in _walk(str(folder), place, MAX_DEPTH, unreadable):
                # A variable may name a folder inside of another one.
                if log.path not in seen:
                    seen.add(log.path)
                    yield log


def look(tool: str, path: str) -> Log:
    """Return the log at `path`. Raises OSError when there is none."""
    stat = os.stat(path, follow_symlinks=False)
    return Log(tool, path, stat.st_size, stat.st_mtime_ns, stat.st_ino)


def tool_of(path: str, home: Path, env: Mapping[str, str]) -> str | None:
    """Return the tool in whose folders `path` lies, if it is named like a log."""
    for place in PLACES:
        if place.names.fullmatch(os.path.basename(path)) and _is_text(path):
            for folder in place.folders(home, env):
                if path.startswith(f"{folder}{os.sep}"):
                    return place.tool
    return None


def _walk(folder: str, place: Place, depth: int, unreadable: list[Unreadable]) -> Iterator[Log]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        unreadable.append(Unreadable(folder, error.strerror or str(error)))
        return
    names = {entry.name for entry in entries}
    for entry in entries:
        if place.names.fullmatch(entry.name):
            # A rollout that is being compressed exists twice for a moment: the plain file is the one to read.
            if not (entry.name.endswith(".zst") and entry.name.removesuffix(".zst") in names):
                yield from _log(entry, place.tool, unreadable)
        elif depth and entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, place, depth - 1, unreadable)


def _log(entry: os.DirEntry[str], tool: str, unreadable: list[Unreadable]) -> Iterator[Log]:
    """Yield the entry if it is a log. Links, sockets and a file that vanished just now are none."""
    try:
        stat = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return
    except OSError as error:
        unreadable.append(Unreadable(entry.path, error.strerror or str(error)))
        return
    if not S_ISREG(stat.st_mode):
        return
    if _is_text(entry.path):
        yield Log(tool, entry.path, stat.st_size, stat.st_mtime_ns, stat.st_ino)
    else:
        unreadable.append(Unreadable(entry.path, "its name is not UTF-8; rename it to have it indexed"))


def _is_text(path: str) -> bool:
    """Tell whether a path can be stored and shown: the system's names are bytes, of any kind."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
