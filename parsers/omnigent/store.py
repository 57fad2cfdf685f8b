"""The database of Omnigent, which holds all conversations and those of their subagents."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import zstandard

from parsers.base import MAIN, OF_SUBAGENT, Output, ParseError, Thread
from parsers.database import Database, Row
from parsers.fields import amount, decoded, mapping, moment, number, text
from parsers.omnigent.items import KINDS, Conversation, Record
from parsers.sample import MAX_DOCUMENT
from parsers.transcript import At, Facts, Transcript, Usage, born, header

TOOL = "omnigent"
SCHEMA = "omnigent-sqlite-v1"
SUBAGENTS = (2, "sub_agent")
"""What the kind of a subagent's conversation is in newer and in older databases."""

OWN = ("id", "created_at", "updated_at", "title", "parent_conversation_id", "root_conversation_id", "session_overrides")
FACTS = ("kind", "model_override", "reported_model", "sub_agent_name", "workspace", "git_branch", "session_usage")
ITEM = ("id", "response_id", "created_at", "position", "type", "data")
BESIDE = (("omnigent_conversation_metadata", "id"), ("agent_configuration", "conversation_id"))
"""Tables that took facts of a conversation over from its row, and the column that names it."""

_PLAIN, _ZSTD = b"\0\0", b"\0\1"


class _Row(NamedTuple):
    """A conversation: its id as the database has it, what its row says, and what is said of it beside."""

    key: Any
    told: Row
    facts: Mapping[str, Any]

    @property
    def id(self) -> str:
        return _id(self.key)

    @property
    def parent(self) -> str:
        return _id(self.told["parent_conversation_id"])

    @property
    def is_subagent(self) -> bool:
        return self.facts.get("kind") in SUBAGENTS


class Store:
    """An open database."""

    def __init__(self, path: Path, database: Database) -> None:
        self._path, self._database = path, database

    @cached_property
    def _rows(self) -> dict[str, _Row]:
        beside = [self._beside(table, key) for table, key in BESIDE]
        found: dict[str, _Row] = {}
        for row in self._database.rows("conversations", *OWN, *FACTS, by="created_at, rowid"):
            facts = {name: row[name] for name in FACTS if row[name] is not None}
            for table in beside:
                facts |= table.get(_id(row["id"]), {})
            each = _Row(row["id"], row, facts)
            if each.id and OF_SUBAGENT not in each.id:
                found[each.id] = each
        return found

    def _beside(self, table: str, key: str) -> dict[str, dict[str, Any]]:
        rows = self._database.rows(table, key, *FACTS)
        return {_id(row[key]): {name: row[name] for name in FACTS if row[name] is not None} for row in rows}

    def threads(self) -> Mapping[str, str]:
        """Return the conversations with an item, each before its subagents; see `Document.threads`."""
        items = {
            _id(key): mark
            for key, mark in self._database.marks("conversation_items", "conversation_id", "position").items()
        }
        begun = [row for row in self._rows.values() if row.id in items]
        families: dict[str, list[_Row]] = {}
        for row in begun:
            root = self._root(row)
            families.setdefault(root.id, [root]).extend([] if root is row else [row])
        return {self._locator(row): self._mark(row, items) for family in families.values() for row in family}

    def _mark(self, row: _Row, items: Mapping[str, str]) -> str:
        told = repr((items.get(row.id), *row.told.values(), *row.facts.items()))
        return sha256(told.encode("utf-8", "replace")).hexdigest()[:16]

    def _root(self, row: _Row) -> _Row:
        """Return the conversation that a subagent, or one of its own, works for; another is its own."""
        root = self._rows.get(_id(row.told["root_conversation_id"]) or row.parent, row)
        return root if row.is_subagent and not root.is_subagent else row

    def _locator(self, row: _Row) -> str:
        root = self._root(row)
        return row.id if root is row else f"{root.id}{OF_SUBAGENT}{row.id}"

    def read(self, locator: str, out: Output) -> Thread:
        """Read a conversation; see `Document.read`."""
        session, _, subagent = locator.partition(OF_SUBAGENT)
        row = self._rows.get(subagent or session)
        if row is None or self._locator(row) != locator:
            raise ParseError(self._path, 0, f"holds no conversation {locator}")
        facts = Facts(session_id=row.id, born=born(self._path))
        self._learn(row, facts)
        to = Transcript(TOOL, SCHEMA, facts, out)
        for item in self._database.rows(
            "conversation_items", *ITEM, where="conversation_id = ?", by="position, rowid", given=(row.key,)
        ):
            _take(item, to)
        _spend(mapping(decoded(_unpacked(row.facts.get("session_usage")) or "")), to)
        facts.learn(model=_asked_for(row))
        facts.session_id = session
        return Thread(header(TOOL, facts, self._path), subagent or MAIN)

    def _learn(self, row: _Row, facts: Facts) -> None:
        root = self._rows.get(_id(row.told["root_conversation_id"]), row)
        is_child = row.is_subagent and self._root(row) is row
        facts.learn(
            title=text(row.told, "title") or text(row.facts, "sub_agent_name"),
            model=text(row.facts, "reported_model"),
            cwd=text(row.facts, "workspace") or text(root.facts, "workspace"),
            git_branch=text(row.facts, "git_branch") or text(root.facts, "git_branch"),
            created=moment(row.told, "created_at"),
            updated=moment(row.told, "updated_at"),
            parent_session_id=row.parent if is_child else "",
        )
        if row.parent and not row.is_subagent:
            facts.attributes["continues_session_id"] = row.parent


def _take(row: Row, to: Transcript) -> None:
    kind = row["type"] if isinstance(row["type"], str) else KINDS.get(row["type"], f"type {row['type']}")
    data = _unpacked(row["data"])
    item = decoded(data) if data else None
    to.out.record(kind, item)
    if not isinstance(item, dict):
        to.out.skip("encrypted item" if data is None else f"broken {kind}")
        return
    at = At(time=moment(row, "created_at") or "", raw=kind, group=text(row, "response_id"))
    Conversation(to).take(kind, item, at, _id(row["id"]))


def _spend(usage: Record, to: Transcript) -> None:
    """Write the tokens of all of the conversation. The model that took most is its model where nothing else tells."""
    by_model = mapping(usage, "by_model")
    spent = sorted(by_model, key=lambda model: number(by_model[model], "input_tokens") or 0)
    to.facts.learn(model=spent[-1] if spent else "")
    total = Usage(
        input_tokens=number(usage, "input_tokens") or 0,
        output_tokens=number(usage, "output_tokens") or 0,
        cache_read_tokens=number(usage, "cache_read_input_tokens", "cache_read_tokens") or 0,
        cache_write_tokens=number(usage, "cache_creation_input_tokens", "cache_write_tokens") or 0,
        cost_usd=amount(usage, "total_cost_usd"),
    )
    to.totals(total, At(time=to.facts.last, raw="session_usage"), "tokens")


def _asked_for(row: _Row) -> str:
    overrides = mapping(decoded(text(row.told, "session_overrides")))
    return text(row.facts, "model_override") or text(overrides, "model_override")


def _unpacked(value: Any) -> str | None:
    """Return the text that a column holds: as it is, or packed behind two bytes. None when it cannot be read."""
    if isinstance(value, str):
        return value
    if not isinstance(value, bytes):
        return ""
    if not value.startswith(b"\0"):
        return value.decode("utf-8", "replace")
    if value.startswith(_PLAIN):
        return value[2:].decode("utf-8", "replace")
    return _inflated(value[2:]) if value.startswith(_ZSTD) else None


def _inflated(packed: bytes) -> str:
    try:
        with zstandard.ZstdDecompressor().stream_reader(packed) as stream:
            data = stream.read(MAX_DOCUMENT + 1)
    except (zstandard.ZstdError, MemoryError):
        return ""
    return data.decode("utf-8", "replace") if len(data) <= MAX_DOCUMENT else ""


def _id(value: Any) -> str:
    """Return an id as text: newer databases hold the 16 bytes of a UUID."""
    return value.hex() if isinstance(value, bytes) else value if isinstance(value, str) else ""
