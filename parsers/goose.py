"""Goose: messages in `sessions.db`, before that in a JSON Lines file per session, rewritten at each turn
(`spec/parsers.md` 2.9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from opensession.hail.actions import ToolCall
from parsers.base import Document, Match, Sample
from parsers.common import strip_reminders
from parsers.database import Database, is_database
from parsers.documents import OneThread, load
from parsers.fields import amount, decoded, items, joined, mapping, moment, number, placeholder, text
from parsers.jsonlines import objects as records
from parsers.manysessions import ManySessions
from parsers.titles import native_title
from parsers.transcript import At, Facts, Transcript, Usage

TOOL = "goose"
COMPACTED = frozenset({"contextLengthExceeded", "summarizationRequested", "conversationCompacted"})
TYPED = frozenset({"text", "image"})
NOTICES = ("compact", "summariz")
SESSION = (
    "id",
    "name",
    "description",
    "user_set_name",
    "session_type",
    "working_dir",
    "created_at",
    "updated_at",
    "accumulated_input_tokens",
    "accumulated_output_tokens",
    "accumulated_cache_read_tokens",
    "accumulated_cache_write_tokens",
    "accumulated_cost",
    "provider_name",
    "model_config_json",
    "parent_session_id",
)
MESSAGE = ("id", "message_id", "role", "content_json", "created_timestamp", "timestamp", "metadata_json")
LEDGER = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "cost")


class GooseParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the columns of the database, or by messages of typed blocks that were `created`."""
        if sample.tables >= {"sessions", "messages"}:
            is_ours = "content_json" in sample.columns("messages") and "working_dir" in sample.columns("sessions")
            return Match(98, "the session database of Goose") if is_ours else None
        messages = [record for record in sample.records if "role" in record]
        is_ours = bool(messages) and all(_is_message(record) for record in messages)
        return Match(85, "messages of Goose, with `created` and typed blocks") if is_ours else None

    def open(self, path: Path) -> AbstractContextManager[Document]:
        return (_Database() if is_database(path) else _Lines()).open(path)


def _is_message(record: dict[str, Any]) -> bool:
    is_plain = isinstance(record.get("created"), int) and isinstance(record.get("content"), list)
    return is_plain and not record.keys() & {"type", "timestamp", "message"}


class _Lines(OneThread):
    tool, schema = TOOL, "goose-jsonl-v1"

    def fill(self, path: Path, to: Transcript) -> None:
        session: dict[str, Any] = {}
        for line in load(path).split(b"\n"):
            found = records(line)
            for record in found:
                session = _line(record, to) or session
            if not found and line.strip(b"\0 \t\r"):
                to.out.record("bad line")
                to.out.skip("bad line")
        _totals(session, to)


def _line(record: dict[str, Any], to: Transcript) -> dict[str, Any] | None:
    """Read a line, and return it if it is about the session as a whole."""
    if "role" in record:
        to.out.record(f"message:{text(record, 'role')}", record)
        _message(record, items(record, "content"), mapping(record, "metadata"), to)
    elif record.keys() & {"description", "working_dir", "message_count", "tools"}:
        to.out.record("metadata", record)
        to.out.ignore("metadata")
        _learn(record, to.facts)
        return record
    else:
        to.out.record("no role", record)
        to.out.skip("no role")
    return None


class _Database(ManySessions):
    tool, schema = TOOL, "goose-sqlite-v1"

    def marks(self, database: Database) -> Iterator[tuple[str, str]]:
        """Leave out what Goose hides, and sessions that were opened and left again."""
        messages = database.marks("messages", "session_id", "id")
        ledger = database.marks("usage_ledger", "session_id", *LEDGER)
        for row in database.rows("sessions", *SESSION):
            session = text(row, "id")
            if session in messages and row["session_type"] != "hidden":
                facts = (row[name] for name in SESSION if name not in ("id", "working_dir", "model_config_json"))
                yield session, ":".join(map(str, (messages[session], ledger.get(session, ""), *facts)))

    def fill(self, database: Database, id: str, to: Transcript) -> None:
        session = dict(database.row("sessions", *SESSION, where="id = ?", given=(id,)))
        to.out.document(session)
        _learn(session, to.facts)
        for row in database.rows("messages", *MESSAGE, where="session_id = ?", by="id", given=(id,)):
            to.out.record(f"message:{text(row, 'role')}", row)
            content = decoded(_packed(row["content_json"]))
            if isinstance(content, list):
                _message(row, content, mapping(decoded(_packed(row["metadata_json"]))), to)
            else:
                to.out.skip("broken content")
        _totals(session | _ledger(database, id), to)


def _packed(value: Any) -> str | bytes:
    return value if isinstance(value, str | bytes) else ""


def _ledger(database: Database, id: str) -> dict[str, Any]:
    """Return the sums of what each response used, under the names of the session's own sums, which may lag."""
    if "session_id" not in database.columns("usage_ledger"):
        return {}
    sums = dict.fromkeys(LEDGER, 0.0)
    for row in database.rows("usage_ledger", *LEDGER, where="session_id = ?", given=(id,)):
        for name in LEDGER:
            sums[name] += amount(row, name)
    return {f"accumulated_{name}": total for name, total in sums.items() if total}


def _learn(session: Mapping[str, Any], facts: Facts) -> None:
    facts.learn(
        session_id=text(session, "id"),
        title=native_title(text(session, "name")) or text(session, "description"),
        cwd=text(session, "working_dir"),
        created=moment(session, "created_at"),
        updated=moment(session, "updated_at"),
        provider=text(session, "provider_name"),
        model=text(decoded(_packed(session.get("model_config_json"))), "model_name"),
        parent_session_id=text(session, "parent_session_id"),
    )
    facts.is_auxiliary = session.get("session_type") == "sub_agent"


def _totals(session: Mapping[str, Any], to: Transcript) -> None:
    """Write the tokens of the whole session: Goose tells none of a single message."""
    usage = Usage(
        input_tokens=number(session, "accumulated_input_tokens") or 0,
        output_tokens=number(session, "accumulated_output_tokens") or 0,
        cache_read_tokens=number(session, "accumulated_cache_read_tokens") or 0,
        cache_write_tokens=number(session, "accumulated_cache_write_tokens") or 0,
        cost_usd=amount(session, "accumulated_cost"),
    )
    to.totals(usage, At(time=to.facts.last, raw="session"), "tokens")


def _message(message: Mapping[str, Any], content: list[Any], metadata: dict[str, Any], to: Transcript) -> None:
    if metadata.get("userVisible") is False:
        to.out.ignore("hidden message")
        return
    role = text(message, "role")
    native = text(message, "message_id", "id")
    time = moment(message, "created", "created_timestamp", "timestamp") or ""
    if role == "user":
        _typed(content, _Turn(role, native, At(time=time, raw="user:text", group=native)), to)
    for block in content:
        kind = text(block, "type")
        handler = BLOCKS.get(kind)
        if handler is None:
            to.out.skip(f"block:{kind or 'no type'}")
        elif role != "user" or kind not in TYPED:
            handler(block, _Turn(role, native, At(time=time, raw=f"{role}:{kind}", group=native)), to)


class _Turn:
    """Whose message a block is in, and where."""

    def __init__(self, role: str, id: str, at: At) -> None:
        self.role, self.id, self.at = role, id, at

    def block(self, kind: str) -> str:
        """Return the id of the event that a block becomes."""
        return f"{self.id}-{kind}" if self.id else ""


def _typed(content: list[Any], turn: _Turn, to: Transcript) -> None:
    """Write what the user typed, with the pictures that came along: one message, whose words make the title."""
    blocks = [block for block in content if text(block, "type") in TYPED]
    to.facts.learn(said=strip_reminders(joined([text(block, "text") for block in blocks])))
    to.user(joined(blocks), turn.at, turn.block("text"))


def _text(block: dict[str, Any], turn: _Turn, to: Transcript) -> None:
    words = text(block, "text") or placeholder(block)
    if turn.role == "assistant":
        to.agent(words, turn.at, turn.block("text"))
    else:
        to.system(words, turn.at, turn.block("text"))


def _thinking(block: dict[str, Any], turn: _Turn, to: Transcript) -> None:
    to.thinking(text(block, "thinking", "text"), turn.at, turn.block("thinking"))


def _nothing(block: dict[str, Any], turn: _Turn, to: Transcript) -> None:
    """Reasoning that only its provider can read."""


def _request(block: dict[str, Any], turn: _Turn, to: Transcript) -> None:
    told = mapping(block, "toolCall")
    call = mapping(told, "value") or told
    native = text(block, "id") or text(call, "id")
    if error := text(told, "error"):
        to.call("unknown", {"error": error}, turn.at, native, action=ToolCall(name="unknown"))
    else:
        to.call(text(call, "name"), call.get("arguments"), turn.at, native)


def _response(block: dict[str, Any], turn: _Turn, to: Transcript) -> None:
    told = mapping(block, "toolResult")
    value = told.get("value", told)
    content = items(value) or items(value, "content")
    to.result(
        text(told, "error") or _words(content),
        turn.at,
        text(block, "id", "toolCallId"),
        is_error=told.get("status") == "error" or mapping(value).get("isError") is True,
        exit_code=number(mapping(value, "structuredContent"), "exit_code"),
    )


def _words(content: list[Any]) -> str:
    """Return what a tool told the model. Many say the same to the user once more, in another block."""
    for_model = [block for block in content if _audience(block) != ["user"]]
    shown = [mapping(block, "resource") or block for block in for_model or content]
    return joined([words for block in shown if (words := joined(block))])


def _audience(block: Any) -> list[Any]:
    return items(block, "annotations", "audience") or items(block, "audience")


def _question(block: dict[str, Any], turn: _Turn, to: Transcript) -> None:
    data = mapping(block, "data") or block
    words = text(data, "prompt", "message") or f"Asked to confirm {text(data, 'toolName', 'actionType')}"
    to.system(words, turn.at, turn.block("question"))


def _notice(block: dict[str, Any], turn: _Turn, to: Transcript) -> None:
    kind, words = text(block, "notificationType", "type"), text(block, "msg")
    if kind in COMPACTED or any(word in f"{kind} {words}".lower() for word in NOTICES):
        to.compacted(words, turn.at, turn.block("notice"))
    elif kind != "thinkingMessage":  # That is what the screen shows while Goose waits.
        to.system(words, turn.at, turn.block("notice"))


def _error(block: dict[str, Any], turn: _Turn, to: Transcript) -> None:
    at = At(time=turn.at.time, raw=turn.at.raw, group=turn.at.group, marks={"error": True})
    to.system(text(block, "message", "error"), at, turn.block("error"))


BLOCKS: Mapping[str, Callable[[dict[str, Any], _Turn, Transcript], None]] = {
    "text": _text,
    "image": _text,
    "thinking": _thinking,
    "reasoning": _thinking,
    "redactedThinking": _nothing,
    "toolRequest": _request,
    "frontendToolRequest": _request,
    "toolResponse": _response,
    "toolConfirmationRequest": _question,
    "actionRequired": _question,
    "systemNotification": _notice,
    "error": _error,
    **dict.fromkeys(COMPACTED, _notice),
}
