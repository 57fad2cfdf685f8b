"""What leaves this machine: a session without its secrets, sent to a server or ready for a branch of git."""

from __future__ import annotations

import json
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

import msgspec
from msgspec import structs

import parsers
from opensession.hail import extract, jsonl
from opensession.hail.model import Session
from opensession.redaction.engine import Redactor
from opensession.redaction.report import Report
from opensession.redaction.walk import redacted

SECONDS = 60
MOST_OF_AN_ANSWER = 1 << 20


class Outgoing(NamedTuple):
    session: Session
    replaced: Report


class SendFailed(Exception):
    """The server did not take the session. Says why, for people."""


def prepared(path: Path, tool: str | None, home: Path) -> Outgoing:
    """Read a session, of several the one that went on longest, and take its secrets out. Raises ParseError."""
    session, replaced = redacted(parsers.parse(path, tool), Redactor(homes=[str(home)]))
    return Outgoing(session, replaced)


def send(server: str, key: str, session: Session, **wishes: Any) -> dict[str, Any]:
    """Upload a session and return the server's answer. Raises SendFailed."""
    said = {name: value for name, value in wishes.items() if value}
    body = msgspec.json.encode({"session": msgspec.Raw(jsonl.to_json(session)), **said})
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = Request(f"{server.rstrip('/')}/api/sessions", body, headers)  # noqa: S310 - The caller checks the scheme.
    try:
        with build_opener(_Straight).open(request, timeout=SECONDS) as answer:
            return dict(msgspec.json.decode(answer.read(MOST_OF_AN_ANSWER), type=dict[str, Any]))
    except HTTPError as error:
        raise SendFailed(f"{server} answered {error.code}: {_reason(error)}") from error
    except (OSError, HTTPException, msgspec.MsgspecError) as error:
        raise SendFailed(f"{server} does not answer as it should: {_said(error)}") from error


def meta(session: Session) -> bytes:
    """Return what a branch of git tells about a session beside its body."""
    header = session.header
    stats = {name: value for name, value in structs.asdict(session.stats).items() if name != "extra"}
    told = {
        "model": header.agent.model,
        "session_id": header.session_id,
        "session_role": extract.role(header.context),
        "stats": stats,
        "title": header.context.title,
        "tool": header.agent.tool,
    }
    return json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")


class _Straight(HTTPRedirectHandler):
    """Follows no redirect: the key is for one server."""

    def redirect_request(self, *about: Any, **more: Any) -> None:
        return None


def _said(error: Exception) -> str:
    why = error.reason if isinstance(error, URLError) else error
    return (isinstance(why, OSError) and why.strerror) or str(why)


def _reason(error: HTTPError) -> str:
    if place := error.headers["Location"]:
        return f"{error.reason} to {place}; name that server with --server, without /api/sessions"
    try:
        told = msgspec.json.decode(error.read(MOST_OF_AN_ANSWER), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError):
        return str(error.reason)
    return str(told.get("message") or error.reason)
