"""Uploads as clients send them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from accounts import keys
from accounts.models import ApiKey, User
from opensession.hail import times
from tests.factories import START

STATS = {"event_count": 0, "message_count": 0, "tool_call_count": 0, "task_count": 0, "duration_seconds": 0}
ADDRESS = "/api/sessions"
JSON = "application/json"


def key_of(user: User) -> str:
    """Return a new API key."""
    secret = keys.new_key()
    ApiKey.objects.create(user=user, key_sha256=keys.digest(secret), prefix=secret[: keys.SHOWN])
    return secret


def bearer(user: User) -> dict[str, str]:
    """Return the header that a client of this user sends."""
    return {"Authorization": f"Bearer {key_of(user)}"}


def said(number: int, words: str = "", kind: str = "UserMessage", **more: Any) -> dict[str, Any]:
    """Return the `number`-th event of a session."""
    moment = times.from_datetime(START + timedelta(seconds=number))
    blocks = [{"type": "Text", "text": words or f"message {number}"}]
    given = {"event_id": f"e{number}", "timestamp": moment, "content": {"blocks": blocks}}
    return given | {"event_type": {"type": kind}, "task_id": None, "duration_ms": None} | more


def ran(number: int, command: str = "make test", exit_code: int | None = 0, **more: Any) -> dict[str, Any]:
    data = {"command": command, "exit_code": exit_code}
    return said(number, **more) | {"event_type": {"type": "ShellCommand", "data": data}}


def hail(*events: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a session as it stands in a request."""
    moment = times.from_datetime(START)
    context = {"title": "Fix the cart", "tags": ["shop"], "created_at": moment, "updated_at": moment}
    return {
        "version": more.pop("version", "hail-1.0.0"),
        "session_id": more.pop("session_id", "s1"),
        "agent": {"provider": "anthropic", "model": "claude-opus-4-6", "tool": "claude-code"} | more.pop("agent", {}),
        "context": context | more.pop("context", {}),
        "events": list(events) or [said(0), said(1, kind="AgentMessage")],
        "stats": STATS,
    } | more


def body(session: dict[str, Any] | None = None, **wishes: Any) -> bytes:
    return json.dumps({"session": session or hail()} | wishes).encode()
