"""The databases `state.vscdb` of Cursor's editor: one for all windows, and one for each workspace.

Since 2025 the conversations lie in the first, under keys of their own; before that a workspace held its own in one
value, and the chats of the panel beside the editor in another. A conversation is read where it lies, so that no two
databases tell of the same; what a workspace knows of it is looked up (`spec/parsers.md` 2.7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import msgspec

from parsers.base import Output, ParseError, Thread
from parsers.cursor import composers
from parsers.cursor.bubbles import Conversation
from parsers.cursor.shelves import COMPOSER, TABLES, Export, Shelf, Table
from parsers.database import Database, is_database, reading
from parsers.fields import decoded, mapping, objects, text
from parsers.transcript import Facts, Transcript, born, header
from parsers.vscode import folder_of

LIST = "composer.composerData"
CHATS = "workbench.panel.aichat.view.aichat.chatdata"
_LISTS = (LIST, "composer.composerHeaders")
_MOST_WORKSPACES = 2000
_NAME = re.compile(r"[\w-]{1,64}", re.ASCII).fullmatch


class Found(NamedTuple):
    """Where a conversation lies: on a `shelf`, or whole in `inline`. `mark` changes with it."""

    mark: str
    schema: str
    shelf: Shelf
    inline: dict[str, Any] | None = None


class Editor:
    """An open database of the editor, or what was taken out of one; without a `database` it knows no workspace."""

    def __init__(self, path: Path, shelves: list[Table] | list[Export], database: Database | None = None) -> None:
        self._path, self._shelves, self._database = path, shelves, database

    def threads(self) -> Mapping[str, str]:
        """Return the conversations; see `Document.threads`."""
        return {native: found.mark for native, found in self._found.items() if native.strip()}

    def read(self, locator: str, out: Output) -> Thread:
        """Read a conversation; see `Document.read`."""
        if (found := self._found.get(locator)) is None:
            raise ParseError(self._path, 0, f"holds no conversation {locator}")
        facts = Facts(session_id=locator, born=born(self._path))
        to = Transcript(composers.TOOL, found.schema, facts, out)
        told = mapping(found.shelf.get(f"{COMPOSER}{locator}")) if found.inline is None else found.inline
        composers.learn(told, facts)
        composers.learn(self._list.get(locator, {}), facts)
        if not facts.cwd:
            facts.learn(cwd=self._folder(locator, told, facts))
        if "bubbles" in told:
            Conversation(to, str).write(objects(told, "bubbles"))
        else:
            composers.write(told, locator, found.shelf, to)
        return Thread(header(composers.TOOL, facts, self._path))

    @cached_property
    def _found(self) -> dict[str, Found]:
        found: dict[str, Found] = {}
        for shelf in self._shelves:
            for native, each in (*_kept(shelf), *_inline(shelf)):
                found.setdefault(native, each)
        return found

    @cached_property
    def _list(self) -> Mapping[str, dict[str, Any]]:
        """What lists of conversations tell of each."""
        known: dict[str, dict[str, Any]] = {}
        for shelf in self._shelves:
            for entry in (entry for key in _LISTS for entry in objects(shelf.get(key), "allComposers")):
                known.setdefault(text(entry, "composerId"), {}).update(entry)
        if self._database:
            for row in self._database.rows("composerHeaders", "composerId", "value"):
                told = row["value"]
                entry = mapping(decoded(told)) if isinstance(told, str | bytes) else {}
                known.setdefault(text(row, "composerId"), {}).update(entry)
        return known

    def _folder(self, native: str, composer: Mapping[str, Any], facts: Facts) -> str:
        """Return the folder of the workspace in which a conversation was held. Takes what only the workspace knows."""
        if self._path.parent.parent.name.lower() == "workspacestorage":
            return folder_of(self._path)
        if self._database is None:
            return ""
        for told in (composer, self._list.get(native, {})):
            workspace = text(mapping(told, "workspaceIdentifier"), "id")
            if _NAME(workspace) and (folder := folder_of(self._storage / workspace / "state.vscdb")):
                return folder
        folder, listed = self._workspaces.get(native, ("", {}))
        composers.learn(listed, facts)
        return folder

    @property
    def _storage(self) -> Path:
        return self._path.parent.parent / "workspaceStorage"

    @cached_property
    def _workspaces(self) -> Mapping[str, tuple[str, dict[str, Any]]]:
        """The folder of each conversation that a workspace lists, and what the list tells of it."""
        if self._path.parent.name.lower() != "globalstorage":
            return {}
        states = sorted(self._storage.glob("*/state.vscdb"))[:_MOST_WORKSPACES]
        listed = ((folder_of(state), entry) for state in states for entry in _listed(state))
        return {text(entry, "composerId"): (folder, entry) for folder, entry in listed}


def opened(path: Path) -> Iterator[Editor]:
    """Yield the document at `path` while it is open. Raises ParseError or OSError."""
    if not is_database(path):
        yield Editor(path, [Export(path)])
        return
    with reading(path) as database:
        yield Editor(path, [Table(database, table) for table in TABLES], database)


def is_ours(path: Path) -> bool:
    """Tell whether a database holds conversations of Cursor, or a list of them."""
    try:
        with reading(path) as database:
            return "cursorDiskKV" in database.tables or any(
                Table(database, "ItemTable").raw(key) for key in (*_LISTS, CHATS)
            )
    except (ParseError, OSError):
        return False


def _kept(shelf: Table | Export) -> Iterator[tuple[str, Found]]:
    """Yield the conversations that have a key of their own. Empty ones are left out: they were opened and left."""
    marks = shelf.marks()
    for key in shelf.keys(COMPOSER):
        raw, native = shelf.raw(key), key.removeprefix(COMPOSER)
        counted = marks.get(native, "")
        told = {} if counted else mapping(decoded(raw) if raw else None)
        if counted or not composers.is_empty(told) or isinstance(shelf, Export):
            schema = "cursor-v3" if counted or b'"fullConversationHeadersOnly"' in raw else "cursor-v2"
            yield native, Found(f"{crc32(raw)}:{counted}", schema, shelf)


def _inline(shelf: Table | Export) -> Iterator[tuple[str, Found]]:
    """Yield the conversations that lie in one value: those of a workspace, and the chats beside the editor."""
    for composer in objects(shelf.get(LIST), "allComposers"):
        if not composers.is_empty(composer):
            yield text(composer, "composerId"), _whole(composer, "cursor-v2", shelf)
    for tab in objects(shelf.get(CHATS), "tabs"):
        if objects(tab, "bubbles"):
            yield text(tab, "tabId"), _whole(tab, "cursor-chat-v1", shelf)


def _whole(told: dict[str, Any], schema: str, shelf: Shelf) -> Found:
    return Found(str(crc32(msgspec.json.encode(told))), schema, shelf, told)


def _listed(state: Path) -> list[dict[str, Any]]:
    """Return what a workspace lists of its conversations; nothing where its database cannot be read."""
    try:
        with reading(state) as database:
            return objects(Table(database, "ItemTable").get(LIST), "allComposers")
    except (ParseError, OSError):
        return []
