"""Trae, the editor: lists of conversations in the state that it keeps for each workspace (`spec/parsers.md` 2.22).

Newer versions leave the messages on their server; of these conversations nothing is there to be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec

from parsers.base import Document, Match, Output, ParseError, Sample, Thread
from parsers.common import role as role_of
from parsers.database import Database, reading
from parsers.fields import decoded, joined, mapping, moment, objects, text
from parsers.toolcalls import usual
from parsers.transcript import At, Facts, Transcript, born, header
from parsers.vscode import folder_of

TOOL, SCHEMA = "trae-ide", "trae-ide-vscdb-v1"
_LISTS = "key = 'memento/icube-ai-agent-storage' OR key GLOB 'memento/icube-ai-*chat-storage*'"

Message = dict[str, Any]


class TraeIdeParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the keys under which Trae keeps its conversations."""
        if "ItemTable" not in sample.tables:
            return None
        try:
            with reading(sample.path) as database:
                is_ours = next(database.rows("ItemTable", "key", where=_LISTS), None) is not None
        except (ParseError, OSError):
            return None
        return Match(96, "the state of Trae, with a list of conversations") if is_ours else None

    @contextmanager
    def open(self, path: Path) -> Iterator[Document]:
        with reading(path) as database:
            yield _State(path, database)


class _State:
    """The open state of a workspace."""

    def __init__(self, path: Path, database: Database) -> None:
        self._path, self._database = path, database

    def threads(self) -> Mapping[str, str]:
        """Return the conversations that have messages; see `Document.threads`."""
        return {native: str(crc32(msgspec.json.encode(told))) for native, told in self._sessions.items()}

    def read(self, locator: str, out: Output) -> Thread:
        """Read a conversation; see `Document.read`."""
        if (told := self._sessions.get(locator)) is None:
            raise ParseError(self._path, 0, f"holds no conversation {locator}")
        facts = Facts(session_id=locator, born=born(self._path), cwd=folder_of(self._path))
        _learn(told, facts)
        to = Transcript(TOOL, SCHEMA, facts, out)
        for message in objects(told, "messages"):
            _write(message, to)
        return Thread(header(TOOL, facts, self._path))

    @cached_property
    def _sessions(self) -> Mapping[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for row in self._database.rows("ItemTable", "value", where=_LISTS, by="key"):
            value = row["value"]
            told = decoded(value) if isinstance(value, str | bytes) else None
            for each in objects(told, "list") or objects(told, "sessions"):
                native = text(each, "sessionId", "id")
                if native and objects(each, "messages"):
                    found.setdefault(native, each)
        return found


def _learn(told: dict[str, Any], facts: Facts) -> None:
    updated = moment(told, "updatedAt", "lastMessageTime")
    facts.learn(
        title=text(told, "title", "name"),
        model=text(told, "model", "modelType"),
        created=moment(told, "createdAt") or updated,
        updated=updated,
    )


def _write(message: Message, to: Transcript) -> None:
    label = text(message, "role") or "no role"
    to.out.record(f"message:{label}", message)
    native, made = text(message, "id", "messageId"), to.facts.made
    at = At(time=moment(message, "createdAt", "timestamp") or "", raw=f"message:{label}", group=native)
    words = joined(message.get("content")) or text(message, "text")
    role = role_of(label)
    if role == "user":
        to.user(words, at, native)
    elif role == "assistant":
        _answer(message, words, at, native, to)
    elif role == "system":
        to.system(words, at, native)
    else:
        to.out.skip(f"message:{label}")
        return
    if to.facts.made == made:
        to.out.ignore("empty message")


def _answer(message: Message, words: str, at: At, native: str, to: Transcript) -> None:
    """Write an answer: what the agent thought and did on the way, and what it says."""
    to.thinking(text(message, "reasoning", "reasoningContent"), at, native and f"{native}-thinking")
    task = mapping(message, "agentTaskContent")
    plan = mapping(task, "guideline")
    for place, step in enumerate(objects(plan, "planItems"), 1):
        _step(step, at, f"{native}-{place}" if native else "", to)
    said = words or text(task, "proposal")
    to.agent(said, at, native, model=text(message, "modelType", "model"))


def _step(step: dict[str, Any], at: At, native: str, to: Transcript) -> None:
    name = text(step, "toolName", "tool")
    to.thinking(text(step, "thought", "reasoning"), at, native and f"{native}-thinking")
    if not name:
        to.agent(text(step, "content", "text"), at, native)
        return
    arguments = step.get("params", step.get("arguments"))
    arguments = decoded(arguments) if isinstance(arguments, str) and arguments.startswith("{") else arguments
    call_at = At(time=at.time, raw="planItem", group=at.group)
    to.call(name, arguments, call_at, native, native and f"{native}-call", usual(name, arguments))
    if (result := step.get("result")) is not None:
        shown = result if isinstance(result, str) else msgspec.json.encode(result).decode()
        to.result(shown, call_at, native, native and f"{native}-result", is_error=text(step, "status") == "failed")
