"""Warp: its agent's conversations in `warp.sqlite`, the messages in tasks (`spec/parsers.md` 2.22).

What the user asked stands in a table of its own as well; it serves where the tasks do not hold it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.base import Match, ParseError, Sample
from parsers.database import Database
from parsers.fields import amount, decoded, items, mapping, moment, number, objects, text
from parsers.manysessions import ManySessions
from parsers.protobuf import Message
from parsers.transcript import At, Facts, Transcript
from parsers.warp.tasks import Tasks

TOOL = "warp"
CONVERSATIONS, TASKS, QUERIES = "agent_conversations", "agent_tasks", "ai_queries"
_OURS = frozenset({"conversation_id", "conversation_data", "last_modified_at"})
_QUERY = ("exchange_id", "start_ts", "input", "working_directory", "output_status", "model_id")
_PRIMARY = "primary_agent"


class WarpParser(ManySessions):
    tool, schema = TOOL, "warp-sqlite-v1"

    def recognises(self, sample: Sample) -> Match | None:
        is_ours = sample.columns(CONVERSATIONS) >= _OURS or sample.columns(QUERIES) >= {"exchange_id", "input"}
        return Match(97, "the conversations of Warp's agent") if is_ours else None

    def marks(self, database: Database) -> Iterator[tuple[str, str]]:
        """Leave out conversations of which neither a task nor a question is kept."""
        told = database.marks(CONVERSATIONS, "conversation_id", "last_modified_at")
        tasks = database.marks(TASKS, "conversation_id", "id", "last_modified_at")
        queries = database.marks(QUERIES, "conversation_id", "id", "start_ts")
        for native in dict.fromkeys((*queries, *tasks)):
            if isinstance(native, str):
                yield native, "/".join(marks.get(native, "") for marks in (told, tasks, queries))

    def fill(self, database: Database, id: str, to: Transcript) -> None:
        where = "conversation_id = ?"
        about = next(
            database.rows(CONVERSATIONS, "conversation_data", "last_modified_at", where=where, given=(id,)), {}
        )
        rows = list(database.rows(TASKS, "task", where=where, by="id", given=(id,)))
        queries = list(database.rows(QUERIES, *_QUERY, where=where, by="start_ts, id", given=(id,)))
        if not (rows or queries):
            raise ParseError(TOOL, 0, f"holds no conversation {id}")
        tasks = Tasks([Message(task) for row in rows if isinstance(task := row["task"], bytes)], to)
        data = mapping(decoded(text(about, "conversation_data")))
        _learn(data, queries, to.facts)
        to.facts.learn(title=tasks.title(), updated=moment(about, "last_modified_at"))
        is_told = tasks.has_queries()
        for query in queries:
            _query(query, is_told, to)
        tasks.write()
        to.facts.learn(model=_model_of(data))


def _learn(data: dict[str, Any], queries: list[Any], facts: Facts) -> None:
    usage = mapping(data, "conversation_usage_metadata")
    models = (name for query in queries if not (name := text(query, "model_id")).startswith("auto"))
    facts.learn(
        title=text(data, "title"),
        model=next(filter(None, models), ""),
        cwd=next((path for query in queries if (path := text(query, "working_directory"))), ""),
        created=next((time for query in queries if (time := moment(query, "start_ts"))), None),
        parent_session_id=text(data, "parent_conversation_id"),
    )
    counted = [
        number(each, key) or 0 for each in objects(usage, "token_usage") for key in ("warp_tokens", "byok_tokens")
    ]
    told = {"total_tokens": sum(counted), "credits_spent": amount(usage, "credits_spent")}
    facts.attributes |= {name: count for name, count in told.items() if count > 0}


def _model_of(data: dict[str, Any]) -> str:
    """Return the model that did most of the work, by the name that people see; it serves where nothing else tells."""
    usage = objects(mapping(data, "conversation_usage_metadata"), "token_usage")
    return next((text(each, "model_id") for each in usage if _is_main(each)), "")


def _is_main(usage: dict[str, Any]) -> bool:
    return any(_PRIMARY in mapping(usage, f"{kind}_token_usage_by_category") for kind in ("warp", "byok"))


def _query(query: Any, is_told: bool, to: Transcript) -> None:
    """Write what the user asked, unless the tasks tell it too."""
    to.out.record("ai_query")
    native, made = text(query, "exchange_id"), to.facts.made
    at = At(time=moment(query, "start_ts") or "", raw="ai_query", group=native)
    if not is_told:
        to.user(_asked(text(query, "input")), at, native)
    if to.facts.made == made:
        to.out.ignore("ai_query")


def _asked(told: str) -> str:
    """Return the words of a question; the input of an exchange may be results of tools only."""
    value = decoded(told) if told.startswith(("[", "{")) else told
    if isinstance(value, str):
        return value
    parts = items(value) if isinstance(value, list) else [value]
    return "\n".join(words for part in parts if (words := text(mapping(part, "Query"), "text") or text(part, "query")))
