"""Firebender: `.idea/firebender/chat_history.db` in each project, with all messages of a chat in one value.

The plugin's source is not public. Its tables, and that messages have the shape of OpenAI's chat API with content that
may be one part, are known from what other programs read of it and from their samples, not from a real database; that
the table of the subagents has messages of the same shape is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from parsers.base import Match, Sample
from parsers.chatcalls import ChatCall, calls
from parsers.database import Database, Row
from parsers.fields import decoded, joined, moment, text
from parsers.manysessions import ManySessions
from parsers.transcript import At, Transcript

TOOL = "firebender"
SESSIONS, SUBAGENTS = "chat_sessions", "subagent_conversations"
SESSION = ("id", "name", "created_at", "updated_at", "deleted_at", "messages_json")
SUBAGENT = ("tool_call_id", "subagent_type", "description", "messages_json", "created_at", "updated_at")


class FirebenderParser(ManySessions):
    tool, schema = TOOL, "firebender-sqlite-v1"

    def recognises(self, sample: Sample) -> Match | None:
        is_ours = sample.columns(SESSIONS) >= {"id", "name", "messages_json", "metadata_json"}
        return Match(96, "the chat history of Firebender") if is_ours else None

    def cwd(self, path: Path) -> str:
        """Return the project in whose folder `.idea/firebender` the database lies."""
        return str(path.parents[2]) if path.parts[-3:-1] == (".idea", "firebender") else ""

    def marks(self, database: Database) -> Iterator[tuple[str, str]]:
        """Leave out chats in which nothing was said, and those that the user threw away: they are kept for a while."""
        subagents = database.marks(SUBAGENTS, "session_id", "updated_at")
        for row in database.rows(SESSIONS, "id", "name", "updated_at", "deleted_at", where="messages_json <> '[]'"):
            if row["deleted_at"] is None:
                session = text(row, "id")
                yield session, f"{row['updated_at']}:{row['name']}:{subagents.get(session, '')}"

    def fill(self, database: Database, id: str, to: Transcript) -> None:
        session = database.row(SESSIONS, *SESSION, where="id = ?", given=(id,))
        to.facts.learn(
            title=text(session, "name"),
            created=moment(session, "created_at"),
            updated=moment(session, "updated_at"),
        )
        found = database.rows(SUBAGENTS, *SUBAGENT, where="session_id = ?", by="created_at, rowid", given=(id,))
        _Chat(to, {text(row, "tool_call_id") or f"subagent-{place}": row for place, row in enumerate(found)}).fill(
            session
        )


class _Chat:
    """Writes a chat, with what a subagent said behind the call that it was started by."""

    def __init__(self, to: Transcript, subagents: dict[str, Row]) -> None:
        self._to, self._subagents = to, subagents

    def fill(self, session: Row) -> None:
        messages = _unpacked(session, self._to)
        # A subagent whose call is gone came before all that is left: the beginning of a long chat is summarised.
        asked = {call.id for message in messages for call in _calls(message)}
        for task in [task for task in self._subagents if task not in asked]:
            self._subagent(task)
        self._write(messages, session, self._to)

    def _write(self, messages: list[Any], row: Row, to: Transcript) -> None:
        """Write messages. None has a time of its own as a rule; the last was written when the row was."""
        for place, message in enumerate(messages, 1):
            self._message(message, (moment(row, "updated_at") or "") if place == len(messages) else "", to)

    def _message(self, message: Any, latest: str, to: Transcript) -> None:
        role = text(message, "role")
        to.out.record(f"message:{role or 'no role'}", message)
        if role not in ("user", "assistant", "tool", "system"):
            to.out.skip(f"message:{role or 'no role'}")
            return
        own = moment(message, "timestamp", "created_at", "createdAt")
        marks = {} if own or not latest else {"timestamp.estimated": True}
        at = At(time=own or latest, raw=role, group=text(message, "id"), marks=marks)
        words = joined(message.get("content"))
        if role == "user":
            # What a subagent is asked for the agent wrote, not the user.
            (to.system if to.task else to.user)(words, at, at.group)
        elif role == "assistant":
            self._answer(message, words, at, to)
        elif role == "tool":
            to.result(words, at, text(message, "tool_call_id", "toolCallId"), name=text(message, "name"))
        else:
            to.out.ignore("system prompt")

    def _answer(self, message: Mapping[str, Any], words: str, at: At, to: Transcript) -> None:
        to.agent(words, at, at.group)
        for call in _calls(message):
            to.call(call.name, call.arguments, At(at.time, "assistant:tool_call", at.group, at.marks), call.id)
            self._subagent(call.id)

    def _subagent(self, task: str) -> None:
        """Write what the subagent of a call said, once."""
        if (row := self._subagents.pop(task, None)) is None:
            return
        to = self._to.lane(task)
        start, end = moment(row, "created_at") or "", moment(row, "updated_at") or ""
        to.task_start(task, text(row, "description", "subagent_type"), At(time=start, raw="subagent"))
        self._write(_unpacked(row, to), row, to)
        to.task_end(task, "", At(time=end, raw="subagent"))


def _unpacked(row: Row, to: Transcript) -> list[Any]:
    """Return the messages of a row; one that holds none is counted as broken."""
    packed = row["messages_json"]
    messages = decoded(packed) if isinstance(packed, str | bytes) else None
    if isinstance(messages, list):
        return messages
    to.out.record("messages")
    to.out.skip("broken messages")
    return []


def _calls(message: Any) -> Iterator[ChatCall]:
    return calls(message, "tool_calls", "toolCalls")
