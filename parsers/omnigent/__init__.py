"""Omnigent, a harness over other agents: all sessions are in one database, `chat.db`, an item in each row.

Each generation of its schema is read: enums as words and as numbers, ids as text and as bytes, the facts of a session
in its row and in tables beside it, items as text and packed. What is known is from the sources of Omnigent:
`entities/conversation.py`, `db/db_models.py`, `db/enum_codecs.py`, `db/compression.py`, `tools/builtins/os_env.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parsers.base import Document, Match, Sample
from parsers.database import is_database, reading
from parsers.documents import OneThread, load_object
from parsers.omnigent.items import Conversation, kind_of
from parsers.omnigent.store import Store
from parsers.transcript import At, Transcript

TOOL = "omnigent"


class OmnigentParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the columns of the database, or by the keys of an item, of which no other has such."""
        if sample.columns("conversation_items") >= {"conversation_id", "response_id", "position", "type", "data"}:
            is_ours = "created_at" in sample.columns("conversations")
            return Match(96, "the conversations of Omnigent") if is_ours else None
        kind = kind_of(sample.document) if isinstance(sample.document, dict) else ""
        return Match(45, f"what an item of Omnigent's conversations holds: {kind}") if kind else None

    @contextmanager
    def open(self, path: Path) -> Iterator[Document]:
        if is_database(path):
            with reading(path) as database:
                yield Store(path, database)
        else:
            with _Item().open(path) as item:
                yield item


class _Item(OneThread):
    """A document that holds one item, as the database does in a column."""

    tool, schema = TOOL, "omnigent-item-v1"

    def fill(self, path: Path, to: Transcript) -> None:
        item = load_object(path)
        kind = kind_of(item) or "no kind"
        to.out.record(kind, item)
        Conversation(to).take(kind, item, At(raw=kind), "item")
