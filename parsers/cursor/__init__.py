"""Cursor: the conversations of its editor, the chats of its CLI, and the transcripts that its agent writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from parsers.base import Document, Match, Sample
from parsers.cursor import chats, editor
from parsers.cursor.composers import TOOL
from parsers.cursor.shelves import BUBBLE
from parsers.cursor.transcripts import ENDED, Transcripts
from parsers.database import is_database
from parsers.fields import items, mapping, text

__all__ = ["CursorParser"]

FOLDER = "/agent-transcripts/"
_MARKS = ("<user_query>", "\n[Tool call] ", "\n[Thinking]")
_BUBBLES = frozenset({"fullConversationHeadersOnly", "conversation", "conversationMap"})


class CursorParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the keys of a database, by the messages of a transcript, or by its headings."""
        if sample.tables:
            return _database(sample)
        if "composerId" in sample.keys and sample.keys & _BUBBLES:
            return Match(95, "a conversation of Cursor, taken out of its database")
        if sample.keys and all(key.startswith(BUBBLE) for key in sample.keys):
            return Match(95, "bubbles of Cursor, taken out of its database")
        if any(_is_message(record) for record in sample.records):
            return _transcript(sample)
        is_text = sample.text.lstrip().startswith(("user:\n", "assistant:\n"))
        if is_text and (FOLDER in sample.path.as_posix() or any(mark in sample.text for mark in _MARKS)):
            return Match(85, "a transcript of Cursor's agent in plain text")
        return None

    @contextmanager
    def open(self, path: Path) -> Iterator[Document]:
        if is_database(path):
            yield from chats.opened(path) if chats.is_ours(path) else editor.opened(path)
        elif path.suffix == ".json":
            yield from editor.opened(path)
        else:
            yield Transcripts(path)


def _database(sample: Sample) -> Match | None:
    if {"blobs", "meta"} <= sample.tables and chats.is_ours(sample.path):
        return Match(97, "a chat of Cursor's CLI")
    if sample.tables & {"cursorDiskKV", "ItemTable"} and editor.is_ours(sample.path):
        return Match(96, "the state of Cursor's editor, with conversations")
    return None


def _transcript(sample: Sample) -> Match:
    is_sure = FOLDER in sample.path.as_posix() or any(text(each, "type") == ENDED for each in sample.records)
    return Match(95 if is_sure else 84, "messages with a role and nothing else, as Cursor's agent writes them")


def _is_message(record: dict[str, Any]) -> bool:
    """Tell a message by its role outside of it, where other agents have a type."""
    is_ours = text(record, "role") in ("user", "assistant") and "type" not in record
    return is_ours and bool(items(mapping(record, "message"), "content"))
