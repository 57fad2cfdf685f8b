"""The branch that holds sessions, two files each. Its history shares nothing with the code's."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from dulwich.objects import Commit, ObjectID, Tree
from dulwich.repo import Repo

from opensession.gitstore import objects
from opensession.gitstore.links import BRANCH
from opensession.gitstore.repository import BadName, NotFound, opened

# The full name, because git takes the short one for a tag as well.
REF = f"refs/heads/{BRANCH}"

_ROOT = "v1"
_BODY, _META = ".hail.jsonl", ".meta.json"
_SUBJECT = "session: "
# Printable ASCII without `/`, `\` and the `%` that marks what is encoded.
_PLAIN = "!\"#$&'()*+,-.:;<=>?@[]^_`{|}~"


@dataclass(frozen=True, slots=True)
class StoredSession:
    body: bytes
    meta: bytes


@dataclass(frozen=True, slots=True)
class Pruned:
    scanned_sessions: int = 0
    expired_sessions: int = 0
    rewritten: bool = False


def body_path(session_id: str) -> str:
    """Return where on the branch the session lies: `v1/ab/abcdef.hail.jsonl`. Raises BadName for an empty id."""
    return _path(_name(session_id), _BODY)


def put(root: Path, session_id: str, body: bytes, meta: bytes, *, now: datetime) -> str:
    """Store the session in place of an earlier version, and return its `body_path`."""
    name = _name(session_id)
    files = {_path(name, _BODY): body, _path(name, _META): meta}
    with opened(root) as repo:
        objects.commit(repo, REF, files, message=_SUBJECT + name, now=now)
    return _path(name, _BODY)


def get(root: Path, session_id: str) -> StoredSession:
    """Return the session as it was stored last. Raises NotFound."""
    name = _name(session_id)
    with opened(root) as repo:
        tip = objects.tip(repo, REF)
        body, meta = (objects.read(repo, tip, _path(name, end)) if tip else None for end in (_BODY, _META))
    if body is None or meta is None:
        raise NotFound(f"session not found: {session_id} on the branch {BRANCH} of {root}")
    return StoredSession(body, meta)


def prune(root: Path, *, keep_days: int, now: datetime) -> Pruned:
    """Take the sessions stored more than `keep_days` ago out of the branch and out of its history.

    The new history names each survivor once more, at the time it was stored, so that later prunes, also those of other
    programs that read `session: ID` subjects, know its age.
    """
    with opened(root) as repo:
        return objects.patiently(lambda: _prune(repo, keep_days, now))


def _prune(repo: Repo, keep_days: int, now: datetime) -> Pruned:
    tip = objects.tip(repo, REF)
    if tip is None:
        return Pruned()
    stored = _stored_times(repo, tip)
    limit = int(now.timestamp()) - keep_days * 86400
    expired = {name for name, seconds in stored.items() if seconds <= limit}
    if not expired:
        return Pruned(len(stored))
    survivors = {name: seconds for name, seconds in stored.items() if name not in expired}
    files = dict.fromkeys(_path(name, end) for name in expired for end in (_BODY, _META))
    tree = objects.changed(repo, objects.load(repo, tip, Commit).tree, files)
    message = f"retention-prune: keep_days={keep_days} expired={len(expired)}"
    objects.advance(repo, REF, tip, _rewrite(repo, tree, survivors, message, int(now.timestamp())))
    return Pruned(len(stored), len(expired), rewritten=True)


def _rewrite(repo: Repo, tree: ObjectID, survivors: dict[str, int], message: str, seconds: int) -> ObjectID:
    """Store a history without the old one: a commit for each survivor, oldest first, then one for the prune."""
    commits: list[Commit] = []
    parent: ObjectID | None = None
    for name, stored in sorted(survivors.items(), key=lambda item: (item[1], item[0])):
        commits.append(objects.new_commit(tree, parent, _SUBJECT + name, stored))
        parent = objects.identity(repo, commits[-1])
    commits.append(objects.new_commit(tree, parent, message, seconds))
    repo.object_store.add_objects([(commit, None) for commit in commits])
    return objects.identity(repo, commits[-1])


def _stored_times(repo: Repo, tip: ObjectID) -> dict[str, int]:
    """Return when each session on the branch was stored, in seconds since 1970."""
    history = list(_history(repo, tip))
    newest, oldest = history[0], history[-1]
    # No subject tells of these. What the oldest commit holds is at least that old. Anything else came in some other
    # way, by a merge maybe; it is taken for new, since losing it early would be worse than keeping it too long.
    times = dict.fromkeys(_names(repo, newest.tree), newest.commit_time)
    times |= {name: oldest.commit_time for name in _names(repo, oldest.tree) if name in times}
    times |= {name: seconds for name, seconds in _told_times(history).items() if name in times}
    return times


def _told_times(history: list[Commit]) -> dict[str, int]:
    times: dict[str, int] = {}
    for commit in history:
        subject = commit.message.decode(errors="replace").partition("\n")[0].strip()
        if subject.startswith(_SUBJECT):
            name = subject.removeprefix(_SUBJECT)
            times[name] = max(times.get(name, 0), commit.commit_time)
    return times


def _history(repo: Repo, tip: ObjectID) -> Iterator[Commit]:
    """Yield the commit and its first parents, as far as a shallow clone has them."""
    shallow = repo.get_shallow()
    following: ObjectID | None = tip
    while following:
        commit = objects.load(repo, following, Commit)
        yield commit
        following = commit.parents[0] if commit.parents and following not in shallow else None


def _names(repo: Repo, tree: ObjectID) -> Iterator[str]:
    """Yield the names of the sessions in the tree. What lies anywhere else than we would put it is not ours."""
    for folder, below in _folders(repo, _folders(repo, tree).get(_ROOT)).items():
        for file in objects.load(repo, below, Tree):
            name = file.decode(errors="replace").removesuffix(_BODY)
            if f"{_ROOT}/{folder}/".encode() + file == _path(name, _BODY).encode():
                yield name


def _folders(repo: Repo, tree: ObjectID | None) -> dict[str, ObjectID]:
    entries = objects.load(repo, tree, Tree).items() if tree else []
    return {entry.path.decode(errors="replace"): entry.sha for entry in entries if stat.S_ISDIR(entry.mode)}


def _path(name: str, end: str) -> str:
    return f"{_ROOT}/{name[:2]}/{name}{end}"


def _name(session_id: str) -> str:
    """Return the id as the name of a file. Plain ids stay as they are, anything else is encoded as in URLs."""
    if not session_id:
        raise BadName("a session without an id cannot be stored in git")
    name = quote(session_id, safe=_PLAIN, errors="surrogatepass")
    # The folder is named for the first two characters, and git allows none that is called `.` or `..`.
    return "%2E" + name[1:] if name.startswith(".") else name
