"""The database of the CLI: `conversations_v2`, and before that one conversation for each folder.

What else stands in it are keys and tokens: no other table is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

from parsers.database import Database, Row
from parsers.fields import decoded, moment, text
from parsers.kiro.conversation import write
from parsers.manysessions import ManySessions
from parsers.transcript import Transcript

TABLE, OLD = "conversations_v2", "conversations"
ROW = ("key", "conversation_id", "value", "created_at", "updated_at")


class Conversations(ManySessions):
    tool, schema = "kiro", "kiro-sqlite-v1"

    def marks(self, database: Database) -> Iterator[tuple[str, str]]:
        """Yield each conversation once: one that went on in another folder stands there again."""
        seen: dict[str, str] = {}
        for row in database.rows(TABLE, "conversation_id", "updated_at", by="updated_at"):
            seen[text(row, "conversation_id")] = str(row["updated_at"])
        for row in database.rows(OLD, "key", "value"):
            if (native := _native(row)) and native not in seen:
                seen[native] = str(crc32(str(row["value"]).encode()))
        yield from seen.items()

    def fill(self, database: Database, id: str, to: Transcript) -> None:
        row = _row(database, id)
        to.facts.learn(cwd=text(row, "key"), created=moment(row, "created_at"), updated=moment(row, "updated_at"))
        value = decoded(row["value"]) if isinstance(row["value"], str | bytes) else None
        if isinstance(value, dict):
            write(value, to)
        else:
            to.out.record("conversation")
            to.out.skip("broken conversation")


def _row(database: Database, native: str) -> Row:
    """Return the latest row of a conversation. Raises ParseError when there is none."""
    latest = "updated_at DESC, created_at DESC"
    found = database.rows(TABLE, *ROW, where="conversation_id = ?", by=latest, given=(native,))
    if (row := next(found, None)) is not None:
        return row
    for row in database.rows(OLD, *ROW):
        if _native(row) == native:
            return row
    return database.row(OLD, *ROW, where="key = ?", given=(native,))


def _native(row: Row) -> str:
    """Return the id of a conversation that has no column for it; its folder where the document is broken."""
    value = decoded(row["value"]) if isinstance(row["value"], str | bytes) else None
    return text(value, "conversation_id") or text(row, "key")
