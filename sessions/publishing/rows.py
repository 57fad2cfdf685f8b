"""The columns of an uploaded session, made of its header, its counts and what the sender says. Pure."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any
from uuid import UUID

from opensession.hail import extract, times
from opensession.hail.score import SCORES
from opensession.hail.words import storable
from parsers.base import MAIN
from sessions.ingest.rows import StrandFacts, session_row
from sessions.publishing.collect import LONGEST_NAME, Collected
from sessions.publishing.request import Wishes

logger = logging.getLogger(__name__)

_HIGHEST = 2**63 - 1


def session_columns(
    identity: UUID, parent: UUID | None, collected: Collected, wishes: Wishes, now: datetime
) -> dict[str, Any]:
    """Return the columns of the index row, without those that say whose it is and who sees it."""
    context = collected.header.context
    facts = StrandFacts(MAIN, collected.header, collected.tally, {"event": collected.tally.event_count}, {})
    row = session_row(identity, [facts], parent, now)
    changed = {
        "created_at": times.instant(context.created_at),
        "is_auxiliary": row["is_auxiliary"] and parent is not None,
        "title": context.title or _cut(collected.said[:1], extract.TITLE_BYTES),
        "description": context.description or _cut(collected.said, extract.DESCRIPTION_BYTES),
        "cwd": extract.stated_directory(context) or "",
        "repo": wishes.git_repo_name or row["repo"],
        "branch": wishes.git_branch or row["branch"],
    }
    return {name: _storable(value) for name, value in (row | changed).items()}


def upload_columns(collected: Collected, wishes: Wishes, plugin: str, now: datetime) -> dict[str, Any]:
    """Return the columns of what a server knows beside the index row."""
    tally = collected.tally
    row = {
        "uploaded_at": now,
        "content_sha256": collected.sha256,
        "body_url": wishes.body_url or "",
        "git_remote": wishes.git_remote or "",
        "git_branch": wishes.git_branch or "",
        "git_commit": wishes.git_commit or "",
        "git_repo_name": wishes.git_repo_name or "",
        "pr_number": wishes.pr_number,
        "pr_url": wishes.pr_url or "",
        "files_modified": sorted(tally.edited),
        "files_read": sorted(tally.read - tally.edited),
        "score": collected.scores[plugin],
        "score_plugin": plugin,
        "warnings": collected.warnings,
        "is_searchable": False,
    }
    return {name: _storable(value) for name, value in row.items()}


def links(collected: Collected, wishes: Wishes) -> list[str]:
    """Return the ids of the sessions that this one names. What is too long for an id is none."""
    named = {*(wishes.linked_session_ids or ()), *collected.header.context.related_session_ids}
    return sorted(storable(one) for one in named if one.strip() and len(one) <= LONGEST_NAME)


def chosen_plugin(wished: str | None, default: str) -> str:
    """Return the score plug-in to use: the one wished for, else the default. Raises UnknownPlugin."""
    name = (wished or "").strip()
    if name:
        SCORES.plugin(name)
        return name
    if default in SCORES.names():
        return default
    logger.warning("unknown score plugin %r in the settings; %s is used", default, SCORES.default)
    return SCORES.default


def _cut(said: tuple[str, ...], nbytes: int) -> str:
    return extract.truncate(" ".join(said), nbytes)


def _storable(value: Any) -> Any:
    """Return a value as every database takes it: without NUL and lone surrogates, within 64 bits."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_storable(each) for each in value]
    return min(value, _HIGHEST) if type(value) is int else value
