"""What the API tells of a session: the columns of one query, made into the object that clients know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from sessions.links import Between
from sessions.querysets import SessionQuerySet

COLUMNS = (
    *("id", "hail_id", "owner", "owner__nickname", "tool", "provider", "model", "title", "description", "tags"),
    *("created_at", "indexed_at", "message_count", "task_count", "event_count", "duration_seconds", "input_tokens"),
    *("output_tokens", "has_errors", "max_active_agents", "branch", "repo", "cwd"),
    *("upload__uploaded_at", "upload__git_remote", "upload__git_branch", "upload__git_commit"),
    *("upload__git_repo_name", "upload__pr_number", "upload__pr_url", "upload__files_modified", "upload__files_read"),
    *("upload__score", "upload__score_plugin"),
)
NOT_SCORED = "zero_v1"
"""The plug-in that gives 0. A session that was indexed and never uploaded has no other score."""


class Link(Struct, frozen=True):
    """One session names another. Ids are those of this server where the other one is here."""

    session_id: str
    linked_session_id: str
    link_type: str
    created_at: str


class SessionSummary(Struct, frozen=True, kw_only=True):
    """A session in a list. `files_modified` and `files_read` are JSON arrays as text."""

    id: str
    user_id: str | None
    nickname: str | None
    tool: str
    agent_provider: str | None
    agent_model: str | None
    title: str | None
    description: str | None
    tags: str | None
    created_at: str
    uploaded_at: str
    message_count: int
    task_count: int
    event_count: int
    duration_seconds: int
    total_input_tokens: int
    total_output_tokens: int
    git_remote: str | UnsetType = UNSET
    git_branch: str | UnsetType = UNSET
    git_commit: str | UnsetType = UNSET
    git_repo_name: str | UnsetType = UNSET
    pr_number: int | UnsetType = UNSET
    pr_url: str | UnsetType = UNSET
    working_directory: str | UnsetType = UNSET
    files_modified: str | UnsetType = UNSET
    files_read: str | UnsetType = UNSET
    has_errors: bool
    max_active_agents: int
    session_score: int
    score_plugin: str


class SessionDetail(SessionSummary, frozen=True, kw_only=True):
    """A session, and the links between it and others in both directions."""

    linked_sessions: tuple[Link, ...] | UnsetType = UNSET


def columns(sessions: SessionQuerySet) -> list[dict[str, Any]]:
    """Return what is told of sessions, without building their rows: one query, whatever their number."""
    return [dict(zip(COLUMNS, row, strict=True)) for row in sessions.values_list(*COLUMNS)]


def fields(row: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a summary. What a session that was only indexed was uploaded with follows from its row."""
    is_uploaded = row["upload__uploaded_at"] is not None
    return {
        "id": str(row["id"]),
        "user_id": str(row["owner"]) if row["owner"] else None,
        "nickname": row["owner__nickname"],
        "tool": row["tool"],
        "agent_provider": row["provider"],
        "agent_model": row["model"],
        "title": row["title"],
        "description": row["description"],
        "tags": ",".join(map(str, row["tags"])),
        "created_at": moment(row["created_at"]),
        "uploaded_at": moment(row["upload__uploaded_at"] or row["indexed_at"]),
        "message_count": row["message_count"],
        "task_count": row["task_count"],
        "event_count": row["event_count"],
        "duration_seconds": row["duration_seconds"],
        "total_input_tokens": row["input_tokens"],
        "total_output_tokens": row["output_tokens"],
        "working_directory": row["cwd"] or UNSET,
        "has_errors": row["has_errors"],
        "max_active_agents": max(1, row["max_active_agents"]),
        **(_of_upload(row) if is_uploaded else _of_index(row)),
    }


def detail(row: dict[str, Any], links: Sequence[Between]) -> SessionDetail:
    linked = tuple(Link(each.session, each.target, each.kind, moment(each.at)) for each in links)
    return SessionDetail(**fields(row), linked_sessions=linked or UNSET)


def _of_upload(row: dict[str, Any]) -> dict[str, Any]:
    number = row["upload__pr_number"]
    return {
        "git_remote": row["upload__git_remote"] or UNSET,
        "git_branch": row["upload__git_branch"] or UNSET,
        "git_commit": row["upload__git_commit"] or UNSET,
        "git_repo_name": row["upload__git_repo_name"] or UNSET,
        "pr_number": UNSET if number is None else number,
        "pr_url": row["upload__pr_url"] or UNSET,
        "files_modified": _as_text(row["upload__files_modified"]),
        "files_read": _as_text(row["upload__files_read"]),
        "session_score": row["upload__score"],
        "score_plugin": row["upload__score_plugin"],
    }


def _of_index(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "git_branch": row["branch"] or UNSET,
        "git_repo_name": row["repo"] or UNSET,
        "session_score": 0,
        "score_plugin": NOT_SCORED,
    }


def _as_text(paths: Sequence[str]) -> str | UnsetType:
    return msgspec.json.encode(paths).decode() if paths else UNSET


def moment(at: datetime) -> str:
    """Return a time as RFC 3339 in UTC, with as many digits as it needs: 0, 3 or 6."""
    is_whole = at.microsecond % 1000 == 0
    return at.astimezone(UTC).isoformat(timespec="milliseconds" if at.microsecond and is_whole else "auto")
