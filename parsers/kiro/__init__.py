"""Kiro, AWS's agent: a CLI and an editor, and the ways in which they have kept sessions.

The CLI began with a database that holds a document per conversation (which it exports too), went on to a log with a
document beside it, and now writes a folder per session, as the editor does. The editor's earlier versions kept a
document per session and one per run. The facts are from the CLI's own source as far as it is public
(aws/amazon-q-developer-cli), and from programs that read the logs: agentsview, superbased-observer, agenthud, aws-bench
and muse.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from parsers.base import Document, Match, Sample
from parsers.database import is_database
from parsers.documents import OneThread
from parsers.fields import items, mapping, objects, text
from parsers.kiro.cli import KINDS, CliLog
from parsers.kiro.conversation import Conversation
from parsers.kiro.database import TABLE, Conversations
from parsers.kiro.editor import Chat, EditorSession
from parsers.kiro.folder import ABOUT, LOG, PAYLOADS, SessionFolder

Record = dict[str, Any]


class KiroParser:
    tool = "kiro"

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the tables of the database, by the keys of a document, or by the lines of a log."""
        if sample.columns(TABLE) >= {"key", "conversation_id", "value"}:
            return Match(97, "the conversations of Kiro's CLI")
        if sample.columns("conversations") == {"key", "value"} and "auth_kv" in sample.tables:
            return Match(95, "the conversations of Kiro's first CLI")
        return _of_document(sample) or _of_lines(sample.records)

    def open(self, path: Path) -> AbstractContextManager[Document]:
        if is_database(path):
            return Conversations().open(path)
        return _format(path).open(path)


def _of_document(sample: Sample) -> Match | None:
    keys = sample.keys
    if keys >= {"conversation_id", "history"} and any(map(_is_pair, items(sample.document, "history"))):
        return Match(92, "a conversation of Kiro's CLI")
    if keys >= {"session_id", "cwd", "session_state"}:
        return Match(91, "what Kiro's CLI tells of a session")
    if keys >= {"workspacePaths", "agentMode", "lastModifiedAt"}:
        return Match(91, "what Kiro tells of a session")
    if keys >= {"executionId", "chat", "metadata"}:
        return Match(93, "a run of Kiro's editor")
    if keys >= {"sessionId", "history"} and _is_of_editor(mapping(sample.document)):
        return Match(95, "a session of Kiro's editor")
    return None


def _is_pair(pair: Any) -> bool:
    user = pair[0] if isinstance(pair, list) and pair else mapping(pair, "user")
    return "content" in mapping(user)


def _is_of_editor(session: Record) -> bool:
    """Tell a session from one of Continue, which Kiro's editor grew out of."""
    is_marked = bool(session.keys() & {"selectedModel", "sessionType", "autonomyMode"})
    return is_marked or any("executionId" in entry for entry in objects(session, "history"))


def _of_lines(records: list[Record]) -> Match | None:
    if any(text(record, "kind") in KINDS and "version" in record and "data" in record for record in records):
        return Match(94, "the log of a session of Kiro's CLI")
    if any(_is_message(record) for record in records):
        return Match(91, "the messages of a session of Kiro")
    return None


def _is_message(record: Record) -> bool:
    return record.keys() <= {"id", "timestamp", "payload"} and text(mapping(record, "payload"), "type") in PAYLOADS


def _format(path: Path) -> OneThread:
    """Return the format of a file that is no database."""
    if path.name in (LOG, ABOUT):
        return SessionFolder()
    sample = Sample(path)
    if path.suffix == ".jsonl":
        return SessionFolder() if any(map(_is_message, sample.records)) else CliLog()
    if path.suffix == ".chat" or sample.keys >= {"executionId", "chat"}:
        return Chat()
    if "session_state" in sample.keys:
        return CliLog()
    return EditorSession() if "sessionId" in sample.keys else Conversation()
