"""The tree of JSON files that OpenCode wrote before it had a database (`spec/parsers.md` 2.3).

    session/<project>/<session>.json    message/<session>/<message>.json    part/<message>/<part>.json

Any of these files leads to the session that it belongs to. Ids in files name other files, so they are checked, and no
link is followed: nothing outside of the tree is read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import islice
from operator import attrgetter
from pathlib import Path
from stat import S_ISREG
from typing import Any, NamedTuple

from parsers.base import MAIN, Output, Thread
from parsers.documents import load, load_object
from parsers.errors import ParseError
from parsers.fields import decoded, mapping, text
from parsers.opencode.model import Message, Part, in_order, moment, natural
from parsers.opencode.writer import Conversation, parent_of
from parsers.transcript import Facts, Transcript, born, header

MOST_SEARCHED = 4096
"""Files that are looked at to find out which message a part belongs to."""


class Found(NamedTuple):
    """A session: what its file says, and the folder `storage`. `folder` holds the messages of one without a file."""

    info: dict[str, Any]
    storage: Path
    folder: str = ""


class Tree:
    """An open file of the tree."""

    def __init__(self, tool: str, path: Path) -> None:
        self._tool, self._path = tool, path

    def threads(self) -> Mapping[str, str]:
        """Return the session; all sessions of a project, when the file is one's."""
        document = load_object(self._path)
        if shape(document) != "project":
            return {"": ""}
        folder = self._path.parent.parent / "session" / _name(text(document, "id"))
        return {path.stem: "" for path in _files(folder)}

    def read(self, locator: str, out: Output) -> Thread:
        """Read a session; see `Document.read`."""
        found = self._found(locator)
        facts = _facts(found.info, self._path)
        out.record("session", found.info)
        to = Transcript(self._tool, facts.version or f"{self._tool}-unknown", facts, out)
        conversation = Conversation(to, mapping(found.info, "revert"))
        parts = Parts(found.storage, facts.session_id, out)
        for message in in_order(list(_messages(found, facts.session_id, out))):
            conversation.take(message._replace(parts=list(parts.of(message.id))))
        conversation.close()
        return Thread(header(self._tool, facts, self._path), MAIN)

    def _found(self, locator: str) -> Found:
        document = load_object(self._path)
        match shape(document):
            case "project":
                path = self._path.parent.parent / "session" / _name(text(document, "id")) / f"{_name(locator)}.json"
                return Found(load_object(path), self._path.parent.parent)
            case "message":
                return _of_message(self._path, document)
            case "part":
                return _of_part(self._path, document)
        return Found(document, _storage(self._path))


def shape(document: dict[str, Any]) -> str:
    """Return which file of the tree holds such an object, an empty string for none."""
    keys, has_created = document.keys(), "created" in mapping(document, "time")
    if not text(document, "id"):
        return ""
    if has_created and keys >= {"sessionID", "role"}:
        return "message"
    if "messageID" in keys or (keys >= {"type", "text"} and not has_created):
        return "part"
    if has_created and "worktree" in keys:
        return "project"
    return "session" if has_created and keys & {"directory", "projectID"} else ""


class Parts:
    """The parts of the messages of one session."""

    def __init__(self, storage: Path, session: str, out: Output) -> None:
        self._folder, self._session, self._out = storage / "part", session, out
        self._loose: dict[str, list[Part]] = {}
        for path in _files(self._folder):
            data = _loaded(path)
            self._loose.setdefault(text(data, "messageID"), []).append(_part(path, data))

    def of(self, message: str) -> Iterator[Part]:
        """Yield the parts of a message: those in its folder, else those that lie about and name it."""
        for folder in self._folders(message):
            if _is_folder(folder):
                yield from self._in(folder)
                return
        yield from self._loose.get(message, ()) if message else ()

    def _folders(self, message: str) -> Iterator[Path]:
        for name in _names(message):
            yield self._folder / name
            if _is_safe(self._session):
                yield self._folder / self._session / name

    def _in(self, folder: Path) -> Iterator[Part]:
        for path in _files(folder):
            if data := _loaded(path):
                yield _part(path, data)
            else:
                self._out.record("part:broken")
                self._out.skip("broken part")


def _part(path: Path, data: dict[str, Any]) -> Part:
    return Part(text(data, "id") or path.stem, data)


def _names(message: str) -> Iterator[str]:
    """Yield the names that the folder of a message's parts may have."""
    if _is_safe(message):
        yield message
        bare = message
        while bare.startswith("msg_"):
            bare = bare.removeprefix("msg_")
        yield bare if bare != message and bare else f"msg_{message}"


def _messages(found: Found, session: str, out: Output) -> Iterator[Message]:
    """Yield the messages of a session, yet without their parts."""
    folder = found.folder or session
    for path in _files(found.storage / "message" / folder) if _is_safe(folder) else ():
        data = _loaded(path)
        if text(data, "sessionID") not in ("", session):
            continue
        out.record(f"message:{text(data, 'role')}", data)
        if data:
            yield Message(text(data, "id") or path.stem, data, ())
        else:
            out.skip("broken message")


def _facts(info: dict[str, Any], path: Path) -> Facts:
    times = mapping(info, "time")
    session = text(info, "id").strip() or path.stem
    facts = Facts(session_id=session, version=text(info, "version"), born=born(path))
    facts.learn(
        title=text(info, "title"),
        cwd=text(info, "directory"),
        parent_session_id=parent_of(info, session),
        created=moment(natural(times, "created")),
        updated=moment(natural(times, "updated")),
    )
    return facts


def _of_message(path: Path, message: dict[str, Any]) -> Found:
    """Return the session of a message."""
    session, storage = text(message, "sessionID"), path.parent.parent.parent
    return _of_id(storage, session) or Found({"id": session}, storage, path.parent.name)


def _of_part(path: Path, part: dict[str, Any]) -> Found:
    """Return the session of a part, which may name only its message, or lie in the folder of that."""
    folder = path.parent if path.parent.name == "part" else path.parent.parent
    storage = folder.parent
    session = text(part, "sessionID") or _session_of(storage, text(part, "messageID") or path.parent.name)
    if not session:
        raise ParseError(path, 0, "is a part of a message that is not there")
    return _of_id(storage, session) or Found({"id": session}, storage, session)


def _session_of(storage: Path, message: str) -> str:
    """Return the session of a message. Its file may have another name than its id, so all are looked at."""
    files = (path for folder in _entries(storage / "message") for path in _files(Path(folder.path)))
    for path in islice(files, MOST_SEARCHED):
        data = _loaded(path)
        if message in (text(data, "id"), path.stem):
            return text(data, "sessionID") or path.parent.name
    return ""


def _of_id(storage: Path, session: str) -> Found | None:
    if not _is_safe(session):
        return None
    for folder in _entries(storage / "session"):
        for name in (session, f"ses_{session}"):
            if data := _loaded(Path(folder.path, f"{name}.json")):
                return Found(data, storage)
    return None


def _storage(session: Path) -> Path:
    """Return the folder of all files. The first versions kept sessions in a folder `info` beside the messages."""
    return session.parent.parent if session.parent.name == "info" else session.parent.parent.parent


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Return the files and folders in a folder by name, none when it cannot be read. Links are none of them."""
    try:
        with os.scandir(folder) as found:
            return sorted((entry for entry in found if not entry.is_symlink()), key=attrgetter("name"))
    except OSError:
        return []


def _files(folder: Path) -> list[Path]:
    entries = (entry for entry in _entries(folder) if os.path.splitext(entry.name)[1] == ".json")
    return [Path(entry.path) for entry in entries if entry.is_file()]


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _loaded(path: Path) -> dict[str, Any]:
    """Return the object that a file is, an empty one when it is none."""
    try:
        return mapping(decoded(load(path))) if S_ISREG(path.lstat().st_mode) else {}
    except (OSError, ParseError):
        return {}


def _is_safe(id: str) -> bool:
    """Tell whether an id is nothing but the name of a file."""
    return bool(id) and id not in (".", "..") and not any(sign in id for sign in "/\\\0:") and len(id) < 200


def _name(id: str) -> str:
    """Return an id as the name of a file. Raises ParseError."""
    if not _is_safe(id):
        raise ParseError(id, 0, "is no name of a file")
    return id
