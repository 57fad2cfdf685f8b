"""Derive a session's index row from the headers and totals of its strands. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from typing import Any, NamedTuple
from uuid import UUID

from opensession.hail import times
from opensession.hail.model import Header
from opensession.hail.stats import Tally
from parsers.base import MAIN
from sessions.ingest.work import summed


class StrandFacts(NamedTuple):
    """What a strand tells about its session."""

    key: str
    header: Header
    tally: Tally
    kinds: dict[str, int]
    skipped: dict[str, int]


def session_row(identity: UUID, strands: Sequence[StrandFacts], parent: UUID | None, now: datetime) -> dict[str, Any]:
    """Return the columns of the session's row. `strands` is not empty."""
    header = chief(strands).header
    total = Tally.merged([strand.tally for strand in strands])
    context = header.context
    return {
        "id": identity,
        "parent_id": parent,
        "created_at": _moment(total.first, context.created_at, now),
        "updated_at": _moment(total.last, context.updated_at, now),
        "indexed_at": now,
        "source_missing": False,
        "records": sum(sum(strand.kinds.values()) for strand in strands),
        "skipped": reduce(summed, (strand.skipped for strand in strands)),
        **described(header),
        **_counted(total, [strand for strand in strands if strand.key != MAIN]),
    }


def chief(strands: Sequence[StrandFacts]) -> StrandFacts:
    """Return the strand that speaks for the session: the main one, or the first where the main log is gone."""
    return next((strand for strand in strands if strand.key == MAIN), strands[0])


def described(header: Header) -> dict[str, Any]:
    """Return what the log says of the session as a whole."""
    context, agent = header.context, header.agent
    attributes = context.attributes
    return {
        "tool": agent.tool,
        "hail_id": header.session_id,
        "is_auxiliary": attributes.get("session_role") == "auxiliary",
        "title": context.title or "",
        "description": context.description or "",
        "tags": list(context.tags),
        "model": agent.model,
        "provider": agent.provider,
        "tool_version": agent.tool_version or "",
        "cwd": _text(attributes, "cwd"),
        "repo": repository(attributes),
        "branch": _text(attributes, "git_branch"),
    }


def _counted(total: Tally, helpers: Sequence[StrandFacts]) -> dict[str, Any]:
    """Return the totals. In HAIL each subagent stands between a start and an end, which counts as a message."""
    stats = total.stats()
    return {
        "event_count": stats.event_count + 2 * len(helpers),
        "message_count": stats.message_count + len(helpers),
        "task_count": stats.task_count + len(helpers),
        "user_message_count": stats.user_message_count,
        "tool_call_count": stats.tool_call_count,
        "files_changed": stats.files_changed,
        "lines_added": stats.lines_added,
        "lines_removed": stats.lines_removed,
        "duration_seconds": stats.duration_seconds,
        "input_tokens": stats.total_input_tokens,
        "output_tokens": stats.total_output_tokens,
        "cache_read_tokens": total.cache_read_tokens,
        "cache_write_tokens": total.cache_write_tokens,
        "max_active_agents": max(total.max_active, _concurrent(helpers)) + 1,
        "has_errors": bool(total.has_errors),
    }


def repository(attributes: dict[str, Any]) -> str:
    """Return the repository's name as the log tells it, else the last part of the working directory."""
    # A log may come from another system, so either kind of slash parts its folders.
    return (
        _text(attributes, "git_repo_name") or _text(attributes, "cwd").replace("\\", "/").rstrip("/").rpartition("/")[2]
    )


def _text(attributes: dict[str, Any], key: str) -> str:
    value = attributes.get(key)
    return value if isinstance(value, str) else ""


def _moment(text: str, fallback: str, now: datetime) -> datetime:
    return times.instant(text or fallback) if text or fallback else now


def _concurrent(helpers: Sequence[StrandFacts]) -> int:
    """Return how many subagents were at work at once at most, by their first and last events."""
    changes = [(times.key(each.tally.first), 1) for each in helpers if each.tally.event_count]
    changes += [(times.key(each.tally.last), -1) for each in helpers if each.tally.event_count]
    active = most = 0
    for _, change in sorted(changes, key=lambda change: (change[0], -change[1])):
        active += change
        most = max(most, active)
    return most
