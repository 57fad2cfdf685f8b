"""What QwenPaw moved out of the state of a session: `history.db` in the agent's workspace keeps it since version 2."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parsers.base import Output, ParseError
from parsers.database import Row, reading
from parsers.fields import decoded, text

FILE, TABLE = "history.db", "conversation_history"
ENTRY = ("seq", "role", "content", "blocks", "metadata", "created_at", "dedup_key")


def earlier(workspace: Path, session: str, before: str, out: Output) -> list[dict[str, Any]]:
    """Return the messages of a session that are older than the first one in its state, which is as old as `before`.

    A database that cannot be read is counted: the session still has what stands in its state.
    """
    path = workspace / FILE
    if not session or not path.is_file() or path.is_symlink():
        return []
    try:
        return list(_read(path, session, before))
    except (ParseError, OSError):
        out.record(FILE)
        out.skip(FILE)
        return []


def _read(path: Path, session: str, before: str) -> Iterator[dict[str, Any]]:
    with reading(path) as database:
        is_older = "session_id = ? AND COALESCE(created_at, '') < ?"
        for row in database.rows(TABLE, *ENTRY, where=is_older, by="seq", given=(session, before)):
            yield _message(row)


def _message(row: Row) -> dict[str, Any]:
    """Return an entry as the message that it was made of; a result of a tool is one by itself."""
    blocks = decoded(text(row, "blocks") or "null")
    return {
        "id": text(row, "dedup_key") or f"history-{row['seq']}",
        "role": text(row, "role") or "assistant",
        "content": blocks if isinstance(blocks, list) and blocks else text(row, "content"),
        "metadata": decoded(text(row, "metadata") or "{}"),
        "created_at": row["created_at"],
    }
