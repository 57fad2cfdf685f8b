"""Hermes: messages in `state.db`, and before that in a JSON document or a JSON Lines file per session, all in the
shape of OpenAI's chat API (`spec/parsers.md` 2.22)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

from opensession.hail.actions import Action, FileSearch
from parsers.base import Document, Match, Sample
from parsers.chatcalls import calls
from parsers.common import strip_reminders
from parsers.database import Database, is_database
from parsers.diffs import hunks
from parsers.documents import OneThread, load, load_object
from parsers.fields import amount, decoded, items, joined, mapping, moment, number, objects, text
from parsers.jsonlines import objects as records
from parsers.manysessions import ManySessions
from parsers.toolcalls import first_text
from parsers.transcript import At, Facts, Transcript, Usage

TOOL = "hermes"
SESSION = (
    "id",
    "source",
    "model",
    "title",
    "started_at",
    "ended_at",
    "end_reason",
    "parent_session_id",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "estimated_cost_usd",
    "actual_cost_usd",
    "billing_provider",
    "cwd",
    "git_branch",
    "rewind_count",
)
MESSAGE = (
    "id",
    "role",
    "content",
    "tool_call_id",
    "tool_calls",
    "tool_name",
    "timestamp",
    "finish_reason",
    "reasoning",
    "reasoning_content",
    "reasoning_details",
    "active",
    "compacted",
    "_compressed_summary",
    "display_kind",
)
META = "session_meta"
CONTINUED = frozenset({"compression", "branched"})
"""Why a session ends whose child is no helper of it: the user goes on in the child."""

UNROUTED = frozenset({"auto", "custom"})
PACKED = "\0json:"
"""What content begins with that is no text."""


class HermesParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the columns of the database, the keys of the document, or a line of the role `session_meta`."""
        if sample.columns("messages") >= {"tool_calls", "tool_name", "finish_reason", "session_id"}:
            is_ours = sample.columns("sessions") >= {"source", "started_at", "end_reason"}
            return Match(97, "the state database of Hermes") if is_ours else None
        if sample.keys >= {"session_id", "session_start", "messages"} and sample.keys & {"platform", "last_updated"}:
            return Match(95, "a session document of Hermes")
        if any(record.get("role") == META for record in sample.records):
            return Match(92, "messages with the role `session_meta` of Hermes")
        return None

    def open(self, path: Path) -> AbstractContextManager[Document]:
        if is_database(path):
            return _Database().open(path)
        return (_Lines() if path.suffix == ".jsonl" else _Json()).open(path)


class _Json(OneThread):
    tool, schema = TOOL, "hermes-json-v1"

    def fill(self, path: Path, to: Transcript) -> None:
        session = load_object(path)
        to.out.document(session)
        _learn_document(session, to.facts)
        messages = items(session, "messages")
        last = max((place for place, message in enumerate(messages) if text(message, "role") != META), default=0)
        for place, message in enumerate(messages):
            # No message of the older documents has a time. The last one was written when the document was.
            _record(message, to.facts.updated if place == last else "", to)


class _Lines(OneThread):
    tool, schema = TOOL, "hermes-jsonl-v1"

    def fill(self, path: Path, to: Transcript) -> None:
        for line in load(path).split(b"\n"):
            found = records(line)
            for record in found:
                if record.get("role") == META:
                    _learn_document(record, to.facts)
                _record(record, "", to)
            if not found and line.strip(b"\0 \t\r"):
                to.out.record("bad line")
                to.out.skip("bad line")


def _learn_document(session: dict[str, Any], facts: Facts) -> None:
    facts.learn(
        session_id=text(session, "session_id"),
        title=text(session, "title"),
        model=text(session, "model"),
        cwd=text(session, "cwd") or text(mapping(session, "model_config"), "cwd"),
        created=moment(session, "session_start", "timestamp"),
        updated=moment(session, "last_updated"),
    )
    if platform := text(session, "platform"):
        facts.attributes["platform"] = platform


def _record(message: Any, latest: str, to: Transcript) -> None:
    role = text(message, "role")
    to.out.record(f"message:{role or 'no role'}", message)
    if not isinstance(message, dict):
        to.out.skip("no message")
        return
    told = moment(message, "timestamp")
    marks = {"timestamp.estimated": True} if latest and not told else {}
    _message(message, At(time=told or latest, raw=role, marks=marks), to)


class _Database(ManySessions):
    tool, schema = TOOL, "hermes-sqlite-v1"

    def marks(self, database: Database) -> Iterator[tuple[str, str]]:
        """Leave out sessions without a message: they were opened and left again."""
        messages = database.marks("messages", "session_id", "id", "active", "compacted")
        for row in database.rows("sessions", *SESSION):
            if (session := text(row, "id")) in messages:
                yield session, ":".join(map(str, (messages[session], *row.values())))

    def fill(self, database: Database, id: str, to: Transcript) -> None:
        session = database.row("sessions", *SESSION, where="id = ?", given=(id,))
        to.out.document(session)
        _learn(session, _end_of(database, text(session, "parent_session_id")), to.facts)
        for row in database.rows("messages", *MESSAGE, where="session_id = ?", by="id", given=(id,)):
            to.out.record(f"message:{text(row, 'role') or 'no role'}", row)
            _row(row, to)
        _totals(session, to)


def _end_of(database: Database, parent: str) -> str:
    """Return why the parent of a session ended."""
    found = database.rows("sessions", "end_reason", where="id = ?", given=(parent,))
    return text(next(found, None), "end_reason")


def _learn(session: Mapping[str, Any], end_of_parent: str, facts: Facts) -> None:
    provider, parent = text(session, "billing_provider"), text(session, "parent_session_id")
    is_helper = bool(parent) and end_of_parent not in CONTINUED
    facts.learn(
        title=text(session, "title"),
        model=text(session, "model"),
        provider=provider if provider not in UNROUTED else "",
        cwd=text(session, "cwd"),
        git_branch=text(session, "git_branch"),
        created=moment(session, "started_at"),
        updated=moment(session, "ended_at"),
        parent_session_id=parent if is_helper else "",
    )
    told = {"platform": text(session, "source"), "continues_session_id": "" if is_helper else parent}
    facts.attributes |= {name: value for name, value in told.items() if value}


def _totals(session: Mapping[str, Any], to: Transcript) -> None:
    usage = Usage(
        input_tokens=number(session, "input_tokens") or 0,
        output_tokens=number(session, "output_tokens") or 0,
        cache_read_tokens=number(session, "cache_read_tokens") or 0,
        cache_write_tokens=number(session, "cache_write_tokens") or 0,
        reasoning_tokens=number(session, "reasoning_tokens") or 0,
        cost_usd=amount(session, "actual_cost_usd") or amount(session, "estimated_cost_usd"),
    )
    to.totals(usage, At(time=to.facts.last, raw="session"), "tokens")


def _row(row: Mapping[str, Any], to: Transcript) -> None:
    """Read a message of the database. One that was rewound is kept there, and so is one that was summarised."""
    if (row["active"] == 0 and not row["compacted"]) or row["display_kind"] == "hidden":
        to.out.ignore("rewound message" if row["active"] == 0 else "hidden message")
        return
    content = row["content"]
    if isinstance(content, str) and content.startswith(PACKED):
        content = decoded(content.removeprefix(PACKED))
    calls = row["tool_calls"]
    message = {**row, "content": content, "tool_calls": decoded(calls) if isinstance(calls, str) else None}
    native = f"message-{row['id']}" if isinstance(row["id"], int) else ""
    _message(message, At(time=moment(row, "timestamp") or "", raw=text(row, "role"), group=native), to)


def _message(message: Mapping[str, Any], at: At, to: Transcript) -> None:
    role, words = text(message, "role"), joined(message.get("content"))
    if message.get("_compressed_summary") == 1:
        to.compacted(words, at, at.group)
    elif role == "user":
        to.facts.learn(said=_typed(message.get("content")))
        to.user(words, at, at.group)
    elif role == "assistant":
        _answer(message, words, at, to)
    elif role == "tool":
        _result(message, words, at, to)
    elif role in ("system", META):
        to.out.ignore(role)
    else:
        to.out.skip(f"role:{role or 'none'}")


def _typed(content: Any) -> str:
    """Return the words of a message without the pictures that came along, for the title."""
    words = content if isinstance(content, str) else joined([text(block, "text") for block in items(content)])
    return strip_reminders(words)


def _answer(message: Mapping[str, Any], words: str, at: At, to: Transcript) -> None:
    details = objects(message, "reasoning_details")
    thought = text(message, "reasoning", "reasoning_content") or joined(details, "text", "summary", "thinking")
    to.thinking(thought, at, at.group and f"{at.group}-thinking")
    to.agent(words, at, at.group)
    for call in calls(message):
        asked = At(time=at.time, raw=f"{at.raw}:tool_call", group=at.group, marks=at.marks)
        to.call(call.name, call.arguments, asked, call.id, action=_action(call.name, call.arguments))


def _action(name: str, arguments: Any) -> Action | None:
    """Return what a call does where an argument makes it another thing than its name says."""
    if name == "search_files" and text(arguments, "target") == "files":
        return FileSearch(pattern=first_text(arguments, ("pattern",)) or "*")
    return None


class _Told(NamedTuple):
    """What the result of a tool says, unpacked from JSON where it is that."""

    words: str
    exit_code: int | None = None
    diff: str = ""


def _result(message: Mapping[str, Any], words: str, at: At, to: Transcript) -> None:
    told = _unpacked(words)
    to.result(
        told.words,
        at,
        text(message, "tool_call_id"),
        name=text(message, "tool_name", "name"),
        is_error=text(message, "finish_reason") == "error",
        exit_code=told.exit_code,
        diff=told.diff,
    )


def _unpacked(words: str) -> _Told:
    """Return what a terminal or a file tool gave back; other JSON stays as it is."""
    value = decoded(words) if words.startswith("{") else None
    if not isinstance(value, dict):
        return _Told(words)
    shown = text(value, "output", "content") if value.keys() & {"output", "content"} else ""
    if (code := number(value, "exit_code")) is not None:
        shown = "\n".join(filter(None, (shown, text(value, "error"))))
    return _Told(shown or words, code, hunks(text(value, "diff")))
