"""Where agents keep their logs: places as templates, and the folders that these are on one machine.

A root is a path that begins with one of

    ~            the home directory
    $NAME        the folder, or the folders parted by commas, that an override variable of the agent names
    {data}       XDG_DATA_HOME, and ~/.local/share
    {config}     XDG_CONFIG_HOME, and ~/.config
    {state}      XDG_STATE_HOME, and ~/.local/state
    {app}        where desktop programs keep their data on Linux, macOS and Windows
    {local}      the same for data that stays on the machine
    {code}       the `User` folder of every flavour of VS Code

or with `/`, where a user added the place. `/$NAME` at its end is what a variable names there, be it a whole path or one
that is relative to the rest of the root.

A pattern names the logs below a root: `*` stands for any part of one name, `**` for any number of folders. An empty one
says that the root is the log itself, where a variable names a file.
All places of all systems are looked at on every system: a home directory may come from another machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import translate
from functools import cache
from pathlib import Path
from typing import NamedTuple

FLAVOURS = ("Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf", "Windsurf - Next", "Trae", "Positron")

MAX_DEPTH = 8
"""Folders that `**` stands for at most."""

PROJECTS = ("code", "dev", "git", "projects", "repos", "src", "work", "workspace")
"""Folders of a home in which people keep their projects."""


def alone(path: str) -> Iterable[str]:
    """Return what else belongs to a log that is one file: nothing."""
    return ()


def with_wal(path: str) -> Iterable[str]:
    """Return what else belongs to an SQLite database: what was written and is not merged into it yet."""
    return (f"{path}-wal",)


def itself(path: str) -> str:
    return path


def without_wal(path: str) -> str:
    """Return the database that a `-wal` or `-shm` belongs to."""
    return path.removesuffix("-wal").removesuffix("-shm")


class Place(NamedTuple):
    """Where a tool keeps logs.

    `beside` names the files and folders whose size and time tell, with the log's own, whether it changed; `owner` is
    the log that a file, which changed, may belong to. A place that `is_walk` is the user's own tree, not the agent's:
    it is searched less deeply, without build folders, and not watched. What fits the expression `never` is no log.
    """

    root: str
    pattern: str
    beside: Callable[[str], Iterable[str]] = alone
    owner: Callable[[str], str] = itself
    is_walk: bool = False
    never: str = ""

    def folders(self, machine: Machine) -> Iterator[Path]:
        """Yield the folders to look in, with the fixed beginning of the pattern already added."""
        fixed, _ = self.parts()
        for root in machine.roots(self.root):
            yield root.joinpath(*fixed)

    def parts(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the names that the pattern begins with, and the rest of it."""
        if not self.pattern:
            return (), ()
        parts = tuple(self.pattern.split("/"))
        at = next((at for at, part in enumerate(parts[:-1]) if "*" in part), len(parts) - 1)
        return parts[:at], parts[at:]

    def claims(self, path: str) -> bool:
        """Tell by its end whether a path, with forward slashes, is one of such a log, wherever the home may lie."""
        if not self.pattern or self.root.startswith("$"):
            return False
        return _anywhere(self.root, self.pattern).search(path) is not None and not self.excludes(path)

    def excludes(self, path: str) -> bool:
        """Tell whether a path that fits is none of a log after all."""
        return bool(self.never) and _expression(self.never).search(path) is not None


def database(root: str, pattern: str) -> Place:
    """Return the place of an SQLite database."""
    return Place(root, pattern, with_wal, without_wal)


def each(pattern: str, *roots: str) -> tuple[Place, ...]:
    """Return the places of the same logs below several roots."""
    return tuple(Place(root, pattern) for root in roots)


def databases(pattern: str, *roots: str) -> tuple[Place, ...]:
    """Return the places of the same SQLite database below several roots."""
    return tuple(database(root, pattern) for root in roots)


def in_projects(pattern: str, *more: str) -> tuple[Place, ...]:
    """Return the places of an SQLite database that each project has its own of. `more` are further such folders."""
    return tuple(
        Place(f"~/{folder}", f"**/{pattern}", with_wal, without_wal, is_walk=True) for folder in (*PROJECTS, *more)
    )


class Machine(NamedTuple):
    """A home directory and the variables that move parts of it."""

    home: Path
    env: Mapping[str, str]

    def roots(self, template: str) -> Iterator[Path]:
        """Yield the paths that a template stands for; none where its variable is not set."""
        start, _, rest = template.partition("/")
        folder, is_named, variable = rest.partition("$")
        for base in dict.fromkeys(self._bases(start)):
            if is_named:
                yield from (base / folder / value for value in self._values(variable))
            else:
                yield base / rest

    def _bases(self, start: str) -> Iterator[Path]:
        if start == "~":
            yield self.home
        elif not start:
            yield Path("/")
        elif start.startswith("$"):
            yield from self._named(start[1:])
        elif start == "{code}":
            yield from (base / flavour / "User" for base in self._bases("{app}") for flavour in FLAVOURS)
            yield self.home / ".vscode-server" / "data" / "User"
        else:
            variables, usual = _BASES[start]
            yield from (path for variable in variables for path in self._named(variable))
            yield from (self.home / path for path in usual)

    def _named(self, variable: str) -> Iterator[Path]:
        return (self.home / value for value in self._values(variable))

    def _values(self, variable: str) -> Iterator[Path]:
        for part in self.env.get(variable, "").split(","):
            if value := part.strip():
                yield self.home / value[2:] if value.startswith("~/") else Path(value)


_BASES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "{data}": (("XDG_DATA_HOME",), (".local/share",)),
    "{config}": (("XDG_CONFIG_HOME",), (".config",)),
    "{state}": (("XDG_STATE_HOME",), (".local/state",)),
    "{app}": (("XDG_CONFIG_HOME", "APPDATA"), (".config", "Library/Application Support", "AppData/Roaming")),
    "{local}": (
        ("XDG_DATA_HOME", "LOCALAPPDATA"),
        (".local/share", "Library/Application Support", "AppData/Local"),
    ),
}


@cache
def name_matcher(pattern: str) -> Callable[[str], object]:
    """Return what tells whether a file or folder name fits one part of a pattern."""
    # Most parts are an ending. There are hundreds of places, and each compiled expression is felt at every start.
    ending = pattern[1:]
    if pattern.startswith("*") and not set("*?[") & set(ending):
        return lambda name: name.endswith(ending)
    return re.compile(translate(pattern)).match


_expression = cache(re.compile)


@cache
def _anywhere(root: str, pattern: str) -> re.Pattern[str]:
    parts = [*root.split("/")[1:], *pattern.split("/")]
    wanted = "".join(r"(?:[^/]+/)*" if part == "**" else f"{_part(part)}/" for part in parts)
    return re.compile(rf"(?:^|/){wanted.removesuffix('/')}$")


def _part(part: str) -> str:
    return re.escape(part).replace(r"\*", "[^/]*")
