"""The database of OpenCode and its forks, which holds all sessions (`spec/parsers.md` 2.3).

A session's messages stand in `message` and `part`, later in `session_message`; for a time in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from parsers.base import MAIN, OF_SUBAGENT, Output, Thread
from parsers.database import Database, Row
from parsers.fields import amount, decoded, mapping, text
from parsers.opencode import rows
from parsers.opencode.model import Message, Part, in_order, moment, natural
from parsers.opencode.writer import Conversation, parent_of
from parsers.transcript import At, Facts, Transcript, Usage, born, header

SESSION = (
    "id",
    "project_id",
    "parent_id",
    "fork_session_id",
    "directory",
    "title",
    "version",
    "model",
    "revert",
    "time_created",
    "time_updated",
)
TOKENS = {
    "input_tokens": "tokens_input",
    "output_tokens": "tokens_output",
    "cache_read_tokens": "tokens_cache_read",
    "cache_write_tokens": "tokens_cache_write",
    "reasoning_tokens": "tokens_reasoning",
}
TABLES = ("message", "part", "session_message")


class Store:
    """An open database. In MiMo's, messages of subagents carry the session's id and their own `agent_id`."""

    def __init__(self, tool: str, path: Path, database: Database) -> None:
        self._tool, self._path, self._database = tool, path, database

    def threads(self) -> Mapping[str, str]:
        """Return the sessions with a message, each before its subagents; see `Document.threads`."""
        counted = [self._database.marks(table, "session_id", "time_updated") for table in TABLES]
        agents = self._agents()
        found: dict[str, str] = {}
        for row in self._database.rows("session", *SESSION):
            session = text(row, "id")
            marks = [each.get(session, "") for each in counted]
            if session and any(marks):
                mark = sha256(repr((marks, *row.values())).encode("utf-8", "replace")).hexdigest()[:16]
                found |= dict.fromkeys((session, *agents.get(session, ())), mark)
        return found

    def read(self, locator: str, out: Output) -> Thread:
        """Read a session, or what one of its subagents did; see `Document.read`."""
        session, strand = self._thread(locator)
        row = self._database.row("session", *SESSION, *TOKENS.values(), "cost", where="id = ?", given=(session,))
        facts = self._facts(row, strand)
        out.record("session", row)
        to = Transcript(self._tool, facts.version or f"{self._tool}-unknown", facts, out)
        conversation = Conversation(to, mapping(decoded(text(row, "revert"))))
        for message in self._messages(session, strand, out):
            conversation.take(message)
        conversation.close()
        self._add(row, to, has_usage=conversation.has_usage or strand != MAIN)
        return Thread(header(self._tool, facts, self._path), strand)

    def _add(self, row: Row, to: Transcript, has_usage: bool) -> None:
        """Add what no message told: the model of the session, and its tokens."""
        model = mapping(decoded(text(row, "model")))
        to.facts.learn(model=text(model, "id", "modelID"), provider=text(model, "providerID"))
        if not has_usage:
            to.totals(_usage(row), At(time=to.facts.last, raw="session"), "session-tokens")

    def _agents(self) -> dict[str, list[str]]:
        """Return the locators of each session's subagents, in the order in which they began."""
        if "agent_id" not in self._database.columns("message"):
            return {}
        found: dict[str, dict[str, None]] = {}
        for row in self._database.rows("message", "session_id", "agent_id", by="time_created, id"):
            session, agent = text(row, "session_id"), text(row, "agent_id")
            if session and agent not in ("", MAIN):
                found.setdefault(session, {})[f"{session}{OF_SUBAGENT}{agent}"] = None
        return {session: list(agents) for session, agents in found.items()}

    def _thread(self, locator: str) -> tuple[str, str]:
        session, _, agent = locator.partition(OF_SUBAGENT)
        return (session, agent) if agent and self._has(session) else (locator, MAIN)

    def _has(self, session: str) -> bool:
        return any(self._database.rows("session", "id", where="id = ?", given=(session,)))

    def _facts(self, row: Row, strand: str) -> Facts:
        session = text(row, "id")
        facts = Facts(session_id=session, version=text(row, "version"), born=born(self._path))
        facts.learn(
            title=text(row, "title") if strand == MAIN else "",
            cwd=text(row, "directory") or self._worktree(text(row, "project_id")),
            parent_session_id=parent_of(row, session),
            created=moment(natural(row, "time_created")),
            updated=moment(natural(row, "time_updated")),
        )
        if forked := text(row, "fork_session_id"):
            facts.attributes["forked_from"] = forked
        return facts

    def _worktree(self, project: str) -> str:
        found = self._database.rows("project", "worktree", where="id = ?", given=(project,))
        return text(next(found, {}), "worktree")

    def _messages(self, session: str, strand: str, out: Output) -> Iterator[Message]:
        """Yield the messages in order. Where both generations tell the same turns, that which goes on longer counts."""
        parts = self._parts(session, out)
        early = in_order(list(self._early(session, strand, out)))
        late = list(self._late(session, out)) if strand == MAIN else []
        if early and late and late[0].start <= early[-1].start:
            kept, other = (late, early) if late[-1].start > early[-1].start else (early, late)
            for _ in other:
                out.ignore("told twice")
            early, late = kept, []
        for message in (*early, *late):
            yield message._replace(parts=parts.get(message.id, ())) if message.record == "part" else message

    def _early(self, session: str, strand: str, out: Output) -> Iterator[Message]:
        """Yield the messages of the first generation, yet without their parts."""
        where, given = "session_id = ?", [session]
        if "agent_id" in self._database.columns("message"):
            where, given = f"{where} AND COALESCE(NULLIF(agent_id, ''), '{MAIN}') = ?", [session, strand]
        for row in self._database.rows(
            "message", "id", "time_created", "data", where=where, by="id", given=tuple(given)
        ):
            data = _data(row)
            out.record(f"message:{text(data, 'role')}", data)
            if data:
                yield Message(text(row, "id"), data, (), natural(row, "time_created"))
            else:
                out.skip("broken message")

    def _late(self, session: str, out: Output) -> Iterator[Message]:
        """Yield the messages of the second generation."""
        by = "seq" if "seq" in self._database.columns("session_message") else "time_created, id"
        wanted = ("id", "type", "time_created", "data")
        for row in self._database.rows("session_message", *wanted, where="session_id = ?", by=by, given=(session,)):
            kind, data = text(row, "type"), _data(row)
            out.record(f"message:{kind}", data)
            message = rows.message(text(row, "id"), kind, data, natural(row, "time_created"))
            if message is None or not data:
                out.skip(f"message:{kind}" if data else "broken message")
            else:
                yield message

    def _parts(self, session: str, out: Output) -> dict[str, list[Part]]:
        """Return the parts of the first generation by message."""
        found: dict[str, list[Part]] = {}
        wanted = ("id", "message_id", "time_created", "data")
        for row in self._database.rows("part", *wanted, where="session_id = ?", by="id", given=(session,)):
            if data := _data(row):
                found.setdefault(text(row, "message_id"), []).append(
                    Part(text(row, "id"), data, natural(row, "time_created"))
                )
            else:
                out.record("part:broken")
                out.skip("broken part")
        return found


def _usage(row: Row) -> Usage:
    counts = {name: natural(row, column) for name, column in TOKENS.items()}
    return Usage(**counts, cost_usd=max(0.0, amount(row, "cost")))


def _data(row: Row) -> dict[str, Any]:
    packed = row["data"]
    return mapping(decoded(packed)) if isinstance(packed, str | bytes) else {}
