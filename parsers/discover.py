"""Find the logs that agents keep on a machine. Reads folders and `stat`, opens no file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from stat import S_ISREG
from typing import NamedTuple

from parsers.places import MAX_DEPTH, Machine, Place, alone, name_matcher
from parsers.registry import REGISTRY
from parsers.strand import PACKED

WALK_DEPTH = 4
"""Folders below one that is walked."""

NEVER_WALKED = frozenset(
    [
        "node_modules",
        ".git",
        ".hg",
        ".venv",
        "venv",
        "env",
        "target",
        "dist",
        "build",
        "out",
        "vendor",
        "__pycache__",
        ".cache",
        ".tox",
        "Library",
        "Desktop",
        "Documents",
        "Downloads",
        "Pictures",
        "Movies",
        "Music",
    ]
)
"""Folders that hold no logs in a user's own tree, or that the system guards."""


class Log(NamedTuple):
    """A log as `stat` shows it: `size` in bytes and `mtime_ns` with all that belongs to it, `inode` of its own file."""

    tool: str
    path: str
    size: int
    mtime_ns: int
    inode: int


class Unreadable(NamedTuple):
    """A folder or file that could not be looked at, and why."""

    path: str
    reason: str


def places(extra: Sequence[tuple[str, Place]] = ()) -> Iterator[tuple[str, Place]]:
    """Yield the places of all tools, those that the user added last."""
    yield from ((tool.id, place) for tool in REGISTRY for place in tool.places)
    yield from extra


def roots(home: Path, env: Mapping[str, str], extra: Sequence[tuple[str, Place]] = ()) -> dict[str, tuple[Path, ...]]:
    """Return the folders of each tool, those of its own override variables first."""
    found: dict[str, dict[Path, None]] = {}
    for tool, place in places(extra):
        found.setdefault(tool, {}).update(dict.fromkeys(place.folders(Machine(home, env))))
    return {tool: tuple(folders) for tool, folders in found.items()}


def watched(home: Path, env: Mapping[str, str], extra: Sequence[tuple[str, Place]] = ()) -> list[Path]:
    """Return the folders whose changes matter: those of the agents, not the user's own trees."""
    machine = Machine(home, env)
    found = (place.folders(machine) for _, place in places(extra) if not place.is_walk)
    return list(dict.fromkeys(folder for folders in found for folder in folders))


def logs(
    home: Path, env: Mapping[str, str], unreadable: list[Unreadable], extra: Sequence[tuple[str, Place]] = ()
) -> Iterator[Log]:
    """Yield every log in the known places. What cannot be looked at is appended to `unreadable`."""
    seen: set[str] = set()
    machine = Machine(home, env)
    for tool, place in places(extra):
        for root in dict.fromkeys(place.folders(machine)):
            for log in _Walk(tool, place, unreadable).at(str(root)):
                # A variable may name a folder inside of another one.
                if log.path not in seen:
                    seen.add(log.path)
                    yield log


def look(tool: str, path: str) -> Log:
    """Return the log at `path`. Raises OSError when there is none."""
    return _looked_at(tool, path, os.stat(path, follow_symlinks=False), place_of(tool, path))


def place_of(tool: str, path: str) -> Place | None:
    """Return the place of a tool's log, told by its path, else (below a folder that was moved) by its name alone."""
    own = [place for owner, place in places() if owner == tool]
    text = path.replace(os.sep, "/")
    by_path = (place for place in own if place.claims(text))
    return next(by_path, next((place for place in own if _fits(place, path)), None))


class Owner(NamedTuple):
    """The log that a file belongs to, itself as a rule, and its tool."""

    tool: str
    log: str


def tool_of(path: str, home: Path, env: Mapping[str, str], extra: Sequence[tuple[str, Place]] = ()) -> Owner | None:
    """Return the tool in whose places `path` lies, and the log that it belongs to."""
    if not _is_text(path):
        return None
    for tool, place in places(extra):
        owner = place.owner(path)
        if _fits(place, owner) and not place.excludes(owner) and _lies_in(place, owner, Machine(home, env)):
            return Owner(tool, owner)
    return None


def _fits(place: Place, path: str) -> bool:
    return not place.pattern or bool(name_matcher(place.pattern.rpartition("/")[2])(os.path.basename(path)))


def _lies_in(place: Place, path: str, machine: Machine) -> bool:
    _, pattern = place.parts()
    for folder in place.folders(machine):
        if not pattern and path == str(folder):
            return True
        if path.startswith(f"{folder}{os.sep}"):
            names = path[len(f"{folder}{os.sep}") :].split(os.sep)
            if _matches(names, pattern):
                return True
    return False


def _matches(names: Sequence[str], pattern: Sequence[str]) -> bool:
    """Tell whether the names below a root are those of a log."""
    if not pattern:
        return not names
    if pattern[0] == "**":
        return any(_matches(names[at:], pattern[1:]) for at in range(min(len(names), MAX_DEPTH + 1)))
    return bool(names) and bool(name_matcher(pattern[0])(names[0])) and _matches(names[1:], pattern[1:])


class _Walk:
    """A search for the logs of one place."""

    def __init__(self, tool: str, place: Place, unreadable: list[Unreadable]) -> None:
        self._tool, self._place, self._unreadable = tool, place, unreadable
        self._skipped = NEVER_WALKED if place.is_walk else frozenset()
        self._depth = WALK_DEPTH if place.is_walk else MAX_DEPTH

    def at(self, root: str) -> Iterator[Log]:
        """Yield the logs at the root of the place, which is the log itself where a variable names a file."""
        _, pattern = self._place.parts()
        if pattern:
            yield from self.below(root, pattern)
        else:
            named = (entry for entry in self._entries(os.path.dirname(root)) if entry.path == root)
            yield from filter(None, map(self._log, named))

    def below(self, folder: str, pattern: Sequence[str], depth: int = 0) -> Iterator[Log]:
        """Yield the logs below a folder that fit the rest of the pattern."""
        if len(pattern) > 1 and "*" not in pattern[0]:
            yield from self.below(os.path.join(folder, pattern[0]), pattern[1:], depth)
            return
        entries = self._entries(folder)
        if not entries:
            return
        names = {entry.name for entry in entries}
        deep = pattern[0] == "**"
        wanted = pattern[1:] if deep else pattern
        matches = name_matcher(wanted[0])
        for entry in entries:
            if len(wanted) == 1 and matches(entry.name) and not _is_compressed_twin(entry.name, names):
                if log := self._log(entry):
                    yield log
            elif entry.name not in self._skipped and entry.is_dir(follow_symlinks=False):
                if deep and depth < self._depth:
                    yield from self.below(entry.path, pattern, depth + 1)
                if len(wanted) > 1 and matches(entry.name):
                    yield from self.below(entry.path, wanted[1:], depth)

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as found:
                return sorted(found, key=attrgetter("name"))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            self._unreadable.append(Unreadable(folder, error.strerror or str(error)))
            return []

    def _log(self, entry: os.DirEntry[str]) -> Log | None:
        """Return the entry if it is a log. Links, sockets and a file that vanished just now are none."""
        try:
            stat = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._unreadable.append(Unreadable(entry.path, error.strerror or str(error)))
            return None
        if not S_ISREG(stat.st_mode) or self._place.excludes(entry.path):
            return None
        if _is_text(entry.path):
            return _looked_at(self._tool, entry.path, stat, self._place)
        self._unreadable.append(Unreadable(entry.path, "its name is not UTF-8; rename it to have it indexed"))
        return None


def _is_compressed_twin(name: str, names: set[str]) -> bool:
    """Tell whether the plain file is there too: it is the one to read while a log is being compressed."""
    return name.endswith(PACKED) and name.rpartition(".")[0] in names


def _looked_at(tool: str, path: str, stat: os.stat_result, place: Place | None) -> Log:
    if place is None or place.beside is alone:
        return Log(tool, path, stat.st_size, stat.st_mtime_ns, stat.st_ino)
    size, mtime = stat.st_size, stat.st_mtime_ns
    for other in place.beside(path):
        try:
            there = os.stat(other, follow_symlinks=False)
        except OSError:
            continue
        size, mtime = size + there.st_size, max(mtime, there.st_mtime_ns)
    return Log(tool, path, size, mtime, stat.st_ino)


def _is_text(path: str) -> bool:
    """Tell whether a path can be stored and shown: the system's names are bytes, of any kind."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
