"""Where Cursor keeps JSON under keys: in a table of its database, or in a file that somebody took out of one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol
from zlib import crc32

import msgspec

from parsers.base import ParseError
from parsers.database import Database
from parsers.documents import beside, load_object
from parsers.fields import decoded, text

COMPOSER = "composerData:"
BUBBLE = "bubbleId:"
TABLES = ("cursorDiskKV", "ItemTable")
"""The newer place stands first."""


class Shelf(Protocol):
    def keys(self, start: str) -> list[str]:
        """Return the keys that begin with `start`, which ends with a colon, in order."""

    def get(self, key: str) -> Any:
        """Return the JSON under a key; None when there is none, or nothing to be read."""

    def raw(self, key: str) -> bytes:
        """Return what stands under a key, as it is; empty as above."""


class Table:
    """A table of keys and values. Nothing is held: a database may have several gigabytes."""

    def __init__(self, database: Database, table: str) -> None:
        self._database, self._table = database, table

    def keys(self, start: str) -> list[str]:
        rows = self._database.rows(
            self._table, "key", where="key >= ? AND key < ?", by="key", given=(start, f"{start[:-1]};")
        )
        return [key for row in rows if isinstance(key := row["key"], str)]

    def get(self, key: str) -> Any:
        return decoded(self.raw(key)) if key else None

    def raw(self, key: str) -> bytes:
        try:
            row = next(self._database.rows(self._table, "value", where="key = ?", given=(key,)), None)
        except ParseError:
            # One value that is too large must not hide all others.
            return b""
        value = row["value"] if row else None
        return (
            value.encode("utf-8", "replace") if isinstance(value, str) else value if isinstance(value, bytes) else b""
        )

    def marks(self) -> Mapping[str, str]:
        """Return for each conversation a mark of its bubbles, made without reading them.

        The newest row of all is read: when it is replaced, it gets its old number back.
        """
        marks = self._database.groups(self._table, "key", BUBBLE)
        newest = f'rowid = (SELECT MAX(rowid) FROM "{self._table}")'  # noqa: S608 - a name of ours
        key = text(next(self._database.rows(self._table, "key", where=newest), None), "key")
        owner = key.removeprefix(BUBBLE).partition(":")[0]
        if key.startswith(BUBBLE) and owner in marks:
            marks[owner] += f":{crc32(self.raw(key))}"
        return marks


class Export:
    """Conversations and bubbles that lie in JSON files, `composer_data.json` and `bubbles.json` as a rule."""

    def __init__(self, path: Path) -> None:
        told = load_object(path)
        bubbles = told if any(key.startswith(BUBBLE) for key in told) else beside(path, "bubbles.json")
        composer = told if "composerId" in told else beside(path, "composer_data.json")
        self._values: dict[str, Any] = dict(bubbles) if isinstance(bubbles, dict) else {}
        if native := text(composer, "composerId") or self._owner():
            self._values[f"{COMPOSER}{native}"] = composer if isinstance(composer, dict) else {}

    def _owner(self) -> str:
        return next((key.split(":")[1] for key in self._values if key.startswith(BUBBLE)), "")

    def keys(self, start: str) -> list[str]:
        return sorted(key for key in self._values if key.startswith(start))

    def get(self, key: str) -> Any:
        return self._values.get(key)

    def raw(self, key: str) -> bytes:
        return msgspec.json.encode(self._values[key]) if key in self._values else b""

    def marks(self) -> Mapping[str, str]:
        return {}
