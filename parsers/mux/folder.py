"""The files of a workspace of Mux, told from any of them. Above its folder only Mux's own list is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import md5
from pathlib import Path
from typing import Any, NamedTuple

from parsers.base import Output
from parsers.documents import beside, load_lines, load_object
from parsers.fields import items, mapping, moment, number, objects, text
from parsers.transcript import Facts

Record = dict[str, Any]

ARCHIVE, CHAT, PARTIAL = "chat-archive.jsonl", "chat.jsonl", "partial.json"
METADATA, SUBAGENTS = "metadata.json", "subagent-transcripts"
OWN_NAMES = frozenset({ARCHIVE, CHAT, PARTIAL, METADATA, f"{SUBAGENTS}.json"})


class Folder(NamedTuple):
    """A workspace: its logs in order, the answer that is being written, and what Mux says of it."""

    id: str
    logs: tuple[Path, ...]
    partial: Path | None
    told: Record
    subagents: Mapping[str, Folder]

    def learn(self, facts: Facts) -> None:
        """Take the facts of the workspace. It is called as its branch, and a branch has no blanks in its name."""
        name = text(self.told, "name")
        is_branch = not any(char.isspace() for char in name)
        facts.learn(
            title=text(self.told, "title") or ("" if is_branch else name),
            cwd=text(self.told, "path", "namedWorkspacePath", "projectPath"),
            git_branch=name if is_branch else "",
            git_repo_name=text(self.told, "projectPath").replace("\\", "/").rstrip("/").rpartition("/")[2],
            created=moment(self.told, "createdAt"),
            parent_session_id=text(self.told, "parentWorkspaceId"),
        )

    def stamp(self) -> str:
        """Return what changes whenever the messages do, or what is said of the workspace."""
        return ":".join([*(_stamp(path) for path in (*self.logs, self.partial) if path), _digest(self.told)])

    def messages(self, out: Output) -> list[Record]:
        """Return the messages in order, counted; the one that is being written where it belongs (see `_placed`)."""
        found = [message for log in self.logs for message in load_lines(log, out)]
        return found if self.partial is None else _placed(load_object(self.partial), found)


def found(path: Path) -> Folder:
    """Return the workspace that a file belongs to."""
    above = path.parents[1] if len(path.parents) > 1 else path.parent
    if path.name not in OWN_NAMES:
        return Folder(path.stem, (path,), None, {}, {})
    if above.name == SUBAGENTS and (above.parent / CHAT).is_file():
        return _of(above.parent, {name: _of(folder, {}) for name, folder in _archived(above)})
    return _of(path.parent, {name: _of(folder, {}) for name, folder in _archived(path.parent / SUBAGENTS)})


def _of(root: Path, subagents: Mapping[str, Folder]) -> Folder:
    logs = tuple(log for name in (ARCHIVE, CHAT) if (log := root / name).is_file() and not log.is_symlink())
    partial = root / PARTIAL
    is_writing = partial.is_file() and not partial.is_symlink() and beside(partial, PARTIAL) is not None
    told = _listed(root) | mapping(beside(root / METADATA, METADATA))
    return Folder(root.name, logs, partial if is_writing else None, told, subagents)


def _archived(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the folders of subagents that have reported."""
    for log in sorted(folder.glob(f"*/{CHAT}")):
        if not log.parent.is_symlink():
            yield log.parent.name, log.parent


def _listed(root: Path) -> Record:
    """Return what Mux's list of all workspaces says of one: pairs of a project's path and what is in it."""
    if root.parent.name != "sessions":
        return {}
    for project in items(beside(root.parent, "config.json"), "projects"):
        path, told = project if isinstance(project, list) and len(project) == 2 else ("", {})
        for workspace in objects(told, "workspaces"):
            if text(workspace, "id") == root.name:
                return {"projectPath": path} | workspace
    return {}


def _placed(partial: Record, found: list[Record]) -> list[Record]:
    """Return the messages with the one that is being written. It may be there already, then the longer one counts."""
    sequence = _sequence(partial)
    for place, message in enumerate(found):
        if sequence is not None and _sequence(message) == sequence:
            longer = max(message, partial, key=lambda each: len(items(each, "parts")))
            return [*found[:place], longer, *found[place + 1 :]]
    return [*found, partial]


def _sequence(message: Record) -> int | None:
    return number(mapping(message, "metadata"), "historySequence")


def _stamp(path: Path) -> str:
    try:
        stat = path.stat()
    except OSError:
        return ""
    return f"{stat.st_size}.{stat.st_mtime_ns}"


def _digest(told: Record) -> str:
    return md5(repr(told).encode("utf-8", "replace"), usedforsecurity=False).hexdigest()[:8]
