"""The chats of Cursor's CLI: a database each, `store.db`, of blobs that are called by their hash.

The newest root lists the messages; they are JSON, and what lists them is a Protocol Buffers message
(`spec/parsers.md` 2.7). No message tells its time.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from parsers.base import Output, ParseError, Thread
from parsers.cursor.bubbles import AUTO
from parsers.cursor.composers import TOOL
from parsers.cursor.messages import Talk
from parsers.database import Database, reading
from parsers.documents import beside
from parsers.fields import decoded, mapping, moment, text
from parsers.protobuf import Message
from parsers.titles import native_title
from parsers.transcript import At, Facts, Transcript, born, header
from parsers.vscode import path_of

SCHEMA = "cursor-store-v1"
_MESSAGES, _WORKSPACE = 1, 9
_HASH = 32
_MOST = 256 << 20
"""Bytes. A list may name one message a million times."""


class Chat:
    """An open chat."""

    def __init__(self, path: Path, database: Database) -> None:
        self._path, self._database = path, database

    def threads(self) -> Mapping[str, str]:
        """Return the only chat; see `Document.threads`."""
        return {"": text(meta_of(self._database), "latestRootBlobId")}

    def read(self, locator: str, out: Output) -> Thread:
        """Read the chat; see `Document.read`."""
        meta, facts = meta_of(self._database), Facts(born=born(self._path))
        root = Message(self._blob(text(meta, "latestRootBlobId")))
        _learn(meta, mapping(beside(self._path, "meta.json")), root, facts)
        to = Transcript(TOOL, SCHEMA, facts, out)
        messages = list(self._messages(root.every(_MESSAGES)) or self._messages(_all(root)))
        for place, (native, message) in enumerate(messages, 1):
            role = text(message, "role")
            out.record(f"message:{role or 'no role'}", message)
            latest = facts.updated if place == len(messages) else ""
            marks = {"timestamp.estimated": True} if latest else {}
            at = At(time=latest, raw=role, group=native, marks=marks)
            Talk(to).write(role, message.get("content"), at, native[:16])
        folder = self._path.parent.name if self._path.name == "store.db" else self._path.stem
        return Thread(header(TOOL, facts, self._path, folder))

    def _messages(self, children: list[bytes]) -> list[tuple[str, dict[str, Any]]]:
        """Return the messages that a list of hashes leads to, in order. A list is followed once."""
        found, waiting, seen, size = [], children[::-1], set[bytes](), 0
        while waiting and size < _MOST:
            child = waiting.pop()
            data = self._blob(child.hex()) if len(child) == _HASH and child not in seen else b""
            size += len(data)
            if data[:1] == b"{" and "role" in (message := mapping(decoded(data))):
                found.append((child.hex(), message))
            elif data:
                seen.add(child)
                waiting += _all(Message(data))[::-1]
        return found

    def _blob(self, native: str) -> bytes:
        row = next(self._database.rows("blobs", "data", where="id = ?", given=(native,)), None)
        data = row["data"] if row else None
        return data.encode("utf-8", "replace") if isinstance(data, str) else data if isinstance(data, bytes) else b""


def opened(path: Path) -> Iterator[Chat]:
    """Yield the chat at `path` while it is open. Raises ParseError or OSError."""
    with reading(path) as database:
        yield Chat(path, database)


def is_ours(path: Path) -> bool:
    """Tell whether a database is that of a chat."""
    try:
        with reading(path) as database:
            return bool(meta_of(database).keys() & {"agentId", "latestRootBlobId"})
    except (ParseError, OSError):
        return False


def meta_of(database: Database) -> dict[str, Any]:
    """Return what a chat tells about itself: JSON, written in hexadecimal digits."""
    for row in database.rows("meta", "value", by="key"):
        told = row["value"]
        data = told.encode("utf-8", "replace") if isinstance(told, str) else told
        if isinstance(data, bytes) and (meta := mapping(decoded(_unhexed(data) or data))):
            return meta
    return {}


def _unhexed(digits: bytes) -> bytes:
    try:
        return binascii.unhexlify(digits)
    except binascii.Error:
        return b""


def _all(message: Message) -> list[bytes]:
    return [value for _, value in message.fields if isinstance(value, bytes) and len(value) == _HASH]


def _learn(meta: dict[str, Any], side: dict[str, Any], root: Message, facts: Facts) -> None:
    """Take the facts of a chat, of its `meta.json` and of the root of its messages."""
    model = text(meta, "lastUsedModel")
    parent = text(mapping(meta, "subagentInfo"), "parentAgentId", "parentComposerId", "parentConversationId")
    facts.learn(
        session_id=text(meta, "agentId"),
        title=native_title(text(side, "title")) or text(meta, "name"),
        model=model if model not in AUTO else "",
        cwd=text(side, "cwd") or path_of(root.text(_WORKSPACE)),
        created=moment(meta, "createdAt") or moment(side, "createdAtMs"),
        updated=moment(side, "updatedAtMs"),
        parent_session_id=parent,
    )
    facts.is_auxiliary = side.get("isSubagent") is True or bool(mapping(meta, "subagentInfo"))
    if mode := text(meta, "mode"):
        facts.attributes["mode"] = mode
