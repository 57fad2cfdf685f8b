"""Objects and refs of a repository: bytes in, bytes out. The work tree and the index are never touched."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from dulwich.file import FileLocked
from dulwich.objects import Blob, Commit, ObjectID, ShaFile, Tree, valid_hexsha
from dulwich.refs import SYMREF, Ref, check_ref_format
from dulwich.repo import Repo

from opensession.gitstore.repository import BadName, Busy, Damaged, InTheWay

IDENTITY = b"opensession <cli@opensession.io>"

_FILE, _FOLDER = 0o100644, 0o040000
# A lock file has `.lock` at its end, and file systems allow 255 bytes.
_LONGEST_PART_OF_A_NAME = 250
# About three seconds in all. The pauses differ so that two who collide do not meet again each time.
_PAUSES = tuple(0.005 * (1 + attempt % 10) for attempt in range(100))
_LOOKS = 3

T = TypeVar("T")
Kind = TypeVar("Kind", bound=ShaFile)
Files = Mapping[str, ObjectID | None]


class Stale(Busy):
    """Someone else moved the ref since it was read."""


def check_name(ref: str) -> None:
    """Raise BadName unless git would take `ref` as the full name of a ref."""
    try:
        name = ref.encode()
    except UnicodeEncodeError:
        name = b""
    if not check_ref_format(Ref(name)) or any(len(part) > _LONGEST_PART_OF_A_NAME for part in name.split(b"/")):
        raise BadName(f"git allows no ref of the name {ref!r}; letters, digits, `-` and `_` are always fine")


def tip(repo: Repo, ref: str) -> ObjectID | None:
    """Return the commit that `ref`, a full name, points at."""
    name = Ref(ref.encode())
    value = repo.refs.read_loose_ref(name)
    if value is None:
        value = repo.refs.get_packed_refs().get(name)
    if value is None:
        return None
    if value.startswith(SYMREF):
        raise InTheWay(f"{ref} is only another name of {value.removeprefix(SYMREF).decode()}; delete it first")
    if not valid_hexsha(value):
        raise Damaged(f"{ref} points nowhere; `git update-ref -d {ref}` deletes it")
    return ObjectID(value)


def read(repo: Repo, commit: ObjectID, path: str) -> bytes | None:
    """Return the content of the file at `path`, or None when there is none."""
    found: ObjectID | None = load(repo, commit, Commit).tree
    *folders, name = path.encode().split(b"/")
    for folder in folders:
        found = _entry(load(repo, found, Tree), folder) if found else None
    blob = _entry(load(repo, found, Tree), name) if found else None
    return load(repo, blob, Blob).data if blob else None


def commit(repo: Repo, ref: str, files: Mapping[str, bytes], *, message: str, now: datetime) -> None:
    """Add a commit to `ref` that puts `files` in, by their paths, and keeps whatever else is there.

    Who is overtaken by another writer starts again from the new tip. Raises Busy when that never ends.
    """
    blobs = {path: Blob.from_string(content) for path, content in files.items()}
    patiently(lambda: _commit_once(repo, ref, blobs, message, now))


def patiently(work: Callable[[], T]) -> T:
    """Repeat `work` as long as others are in its way, for some seconds."""
    for pause in _PAUSES:
        try:
            return work()
        # git removes folders that have become empty, at times between our making and our using them.
        except (Stale, FileLocked, FileNotFoundError):
            time.sleep(pause)
    return work()


def advance(repo: Repo, ref: str, old: ObjectID | None, new: ObjectID) -> None:
    """Move `ref` from `old` (None: it must not exist yet) to `new`, or raise Stale if someone was faster."""
    check_name(ref)
    _make_room(repo, ref)
    name = Ref(ref.encode())
    try:
        moved = repo.refs.set_if_equals(name, old, new) if old else repo.refs.add_if_new(name, new)
    except (NotADirectoryError, IsADirectoryError) as error:
        raise InTheWay(f"{ref} cannot be written: {os.fsdecode(error.filename)} is in the way") from error
    if not moved:
        raise Stale(f"{ref} was changed by others again and again; try again later")


def store(repo: Repo, value: ShaFile) -> ObjectID:
    repo.object_store.add_object(value)
    return identity(repo, value)


def identity(repo: Repo, value: ShaFile) -> ObjectID:
    return ObjectID(value.get_id(repo.object_store.object_format))


def load(repo: Repo, name: ObjectID, kind: type[Kind]) -> Kind:
    found = _found(repo, name)
    if found is None:
        raise _damaged(repo, name, "missing")
    if not isinstance(found, kind):
        raise _damaged(repo, name, f"no {kind.__name__.lower()}")
    return found


def changed(repo: Repo, tree: ObjectID | None, files: Files) -> ObjectID:
    """Return `tree` with the files put in by their paths, or taken out where the blob is None."""
    return _changed(repo, tree, files) or store(repo, Tree())


def new_commit(tree: ObjectID, parent: ObjectID | None, message: str, seconds: int) -> Commit:
    made = Commit()
    made.tree = tree
    made.parents = [parent] if parent else []
    made.author = made.committer = IDENTITY
    made.author_time = made.commit_time = seconds
    made.author_timezone = made.commit_timezone = 0
    made.message = f"{message}\n".encode()
    return made


def _found(repo: Repo, name: ObjectID) -> ShaFile | None:
    # dulwich looks into the packs, then for a file of its own. Between the two, git may have made a pack of the file.
    for _ in range(_LOOKS):
        with suppress(KeyError):
            return repo.object_store[name]
    return None


def _damaged(repo: Repo, name: ObjectID, what: str) -> Damaged:
    return Damaged(f"object {name.decode()} in {repo.path} is {what}; `git fsck` tells more")


def _commit_once(repo: Repo, ref: str, blobs: Mapping[str, Blob], message: str, now: datetime) -> None:
    old = tip(repo, ref)
    files = {path: store(repo, blob) for path, blob in blobs.items()}
    tree = changed(repo, load(repo, old, Commit).tree if old else None, files)
    new = store(repo, new_commit(tree, old, message, int(now.timestamp())))
    advance(repo, ref, old, new)


def _changed(repo: Repo, tree: ObjectID | None, files: Files) -> ObjectID | None:
    entries = load(repo, tree, Tree) if tree else Tree()
    folders: dict[str, dict[str, ObjectID | None]] = defaultdict(dict)
    for path, blob in files.items():
        name, _, rest = path.partition("/")
        if rest:
            folders[name][rest] = blob
        else:
            _set(entries, name, _FILE, blob)
    for name, below in folders.items():
        _set(entries, name, _FOLDER, _changed(repo, _entry(entries, name.encode()), below))
    return store(repo, entries) if len(entries) else None


def _set(entries: Tree, name: str, mode: int, value: ObjectID | None) -> None:
    key = name.encode()
    if value:
        entries.add(key, mode, value)
    elif key in entries:
        del entries[key]


def _entry(entries: Tree, name: bytes) -> ObjectID | None:
    return entries[name][1] if name in entries else None


def _make_room(repo: Repo, ref: str) -> None:
    """Raise InTheWay if another ref is above or below `ref`, and remove what deleted refs left: empty folders."""
    other = _obstacle(repo, ref)
    if other:
        raise InTheWay(f"{ref} cannot be made as long as {other} exists; rename that one, or delete it")
    for folder, _, _ in os.walk(os.path.join(repo.commondir(), ref), topdown=False):
        os.rmdir(folder)


def _obstacle(repo: Repo, ref: str) -> str | None:
    parts = ref.split("/")
    for end in range(2, len(parts)):
        above = "/".join(parts[:end])
        if repo.refs.read_ref(Ref(above.encode())):
            return above
    below = repo.refs.subkeys(Ref(f"{ref}/".encode()))
    return f"{ref}/{min(below).decode(errors='replace')}" if below else None
