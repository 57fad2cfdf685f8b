"""Finding and opening repositories, and what can go wrong with them."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dulwich.config import ConfigFile
from dulwich.errors import ChecksumMismatch, FileFormatException
from dulwich.file import FileLocked
from dulwich.repo import InvalidWorktreeConfiguration, Repo, UnsupportedExtension, UnsupportedVersion, read_gitfile

_FORMATS = {b"refstorage": (b"files",), b"objectformat": (b"sha1", b"sha256")}
_REMEDY = "refs in tables become files with `git refs migrate --ref-format=files`"


class GitError(Exception):
    """A repository cannot be used as asked. The message names the thing and the next step."""


class NotARepository(GitError):
    pass


class Unsupported(GitError):
    """The repository is in a format that we would damage, or read only in part."""


class BadName(GitError):
    """A name was given that cannot be one: an error of usage."""


class NotFound(GitError):
    pass


class Damaged(GitError):
    """A ref or an object is not what git would have written."""


class InTheWay(GitError):
    """Another ref forbids ours, as a file and a folder of the same name do."""


class Busy(GitError):
    """Others write the same thing and did not finish in time."""


def find_root(start: Path) -> Path:
    """Return `start` if it is a bare repository, else the nearest folder at or above it that has a `.git`.

    `start` need not exist. Nothing is read from the environment, so a caller's GIT_DIR leads nowhere else.
    """
    start = start.resolve()
    if start.name != ".git" and not os.path.exists(start / ".git") and _is_control(start):
        return start
    for folder in (start, *start.parents):
        if os.path.exists(folder / ".git"):
            return folder
    raise NotARepository(f"not a git repository: {start}; go into one, or make one with `git init`")


@contextmanager
def opened(root: Path) -> Iterator[Repo]:
    """Open the repository at `root`, and close it afterwards. Whatever fails meanwhile is raised as a GitError."""
    try:
        with _open(root.absolute()) as repo:
            # Refs are synced, so a crash must not leave them without what they point at.
            repo.object_store.fsync_object_files = True
            yield repo
    except FileLocked as error:
        lock = os.fsdecode(error.lockfilename)
        raise Busy(f"{lock} exists: another git command is at work. If there is none, delete the file") from error
    # StopIteration is what dulwich makes of an empty file of packed refs.
    except (FileFormatException, ChecksumMismatch, StopIteration, zlib.error) as error:
        raise Damaged(f"{root} is damaged ({error}); `git fsck` tells more") from error
    except OSError as error:
        raise GitError(f"{os.fsdecode(error.filename or root)}: {error.strerror or error}") from error


def _open(root: Path) -> Repo:
    control = _control(root)
    common = _common(control)
    if not ((control / "HEAD").is_file() and _is_control(common)):
        raise NotARepository(f"not a git repository: {root}; make one with `git init`")
    _refuse_formats(root, common)
    try:
        return Repo(controldir=control, commondir=common)
    except UnsupportedExtension as error:
        raise Unsupported(
            f"{root} uses a feature of git that is not supported: {error}; a full clone may work"
        ) from error
    except (UnsupportedVersion, InvalidWorktreeConfiguration, ValueError) as error:
        raise Unsupported(f"{root} cannot be opened: {error}; see {common / 'config'}") from error


def _control(root: Path) -> Path:
    """Return the folder with HEAD and index: `.git`, where a file of that name points, or `root` itself."""
    entry = root / ".git"
    if entry.is_dir():
        return entry
    if not entry.is_file():
        return root
    with entry.open("rb") as file:
        try:
            return root / read_gitfile(file)
        except ValueError as error:
            raise NotARepository(f"not a git repository: {root}; {entry} says nothing git would understand") from error


def _common(control: Path) -> Path:
    """Return the folder with objects and refs, which a linked worktree shares with its repository."""
    try:
        shared = (control / "commondir").read_bytes().rstrip(b"\r\n")
    except OSError:
        return control
    return control / os.fsdecode(shared)


def _is_control(folder: Path) -> bool:
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


def _refuse_formats(root: Path, common: Path) -> None:
    # dulwich would open these: refs in tables, of which it misses some once git has compacted them, and unknown hashes,
    # which it takes for SHA-1. As opening alone makes folders, the question comes before.
    for name, value in _extensions(common / "config"):
        if value.lower() not in _FORMATS.get(name.lower(), (value.lower(),)):
            setting = f"extensions.{name.decode()} = {value.decode(errors='replace')}"
            raise Unsupported(f"{root} has {setting}, which is not supported; {_REMEDY}")


def _extensions(config: Path) -> list[tuple[bytes, bytes]]:
    try:
        return list(ConfigFile.from_path(config).items((b"extensions",)))
    except FileNotFoundError:
        return []
    except ValueError as error:
        raise Unsupported(f"{config} cannot be read: {error}") from error
