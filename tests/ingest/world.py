"""A machine to index in tests: a home with logs, and what was stored of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings

from opensession.hail import jsonl
from parsers.base import MAIN
from sessions import bodies
from sessions.ingest.report import Report
from sessions.ingest.run import Settings, index
from sessions.models import Session, Strand

SESSION = "3b241101-e2bb-4255-8caf-4136c566a962"


class World:
    """The home directory of one person. Logs are written line by line, as an agent would."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def log(self, session: str = SESSION) -> Path:
        path = self.home / ".claude" / "projects" / "-code-shop" / f"{session}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, *records: dict[str, Any], session: str = SESSION) -> Path:
        """Append records to the log of a session."""
        path = self.log(session)
        with path.open("ab") as log:
            log.write(b"".join(json.dumps(record).encode() + b"\n" for record in records))
        return path

    def settings(self, keep_raw: bool = False) -> Settings:
        return Settings(self.home, os.environ, Path(settings.OPENSESSION_DATA_DIR), keep_raw=keep_raw, processes=2)

    def index(self, full: bool = False, keep_raw: bool = False) -> Report:
        return index(self.settings(keep_raw), full)


def said(number: int, words: str = "", session: str = SESSION) -> dict[str, Any]:
    """Return a user's message, the `number`-th of the session."""
    return {
        "type": "user",
        "uuid": f"{session}-{number}",
        "sessionId": session,
        "timestamp": f"2026-03-01T10:{number // 60 % 60:02}:{number % 60:02}.000Z",
        "cwd": "/code/shop",
        "version": "2.0.1",
        "message": {"role": "user", "content": words or f"message {number}"},
    }


def ran(number: int, command: str, session: str = SESSION) -> dict[str, Any]:
    """Return a shell command of the agent, called `call-<number>`."""
    call = {"type": "tool_use", "id": f"call-{number}", "name": "Bash", "input": {"command": command}}
    message = {"role": "assistant", "id": f"m{number}", "model": "claude-test-1", "content": [call]}
    return said(number, session=session) | {"type": "assistant", "message": message}


def answered(number: int, call: int, output: str, is_error: bool = False, session: str = SESSION) -> dict[str, Any]:
    """Return the result of `call-<call>`."""
    result = {"type": "tool_result", "tool_use_id": f"call-{call}", "content": output, "is_error": is_error}
    return said(number, session=session) | {"message": {"role": "user", "content": [result]}}


def texts(session: Session) -> list[str]:
    """Return the first text of every event of the main strand that has one."""
    strand = session.strands.get(is_live=True, key=MAIN)
    found = [getattr(block, "text", "") for _, event in bodies.events(strand) for block in event.content.blocks[:1]]
    return [text for text in found if text]


def everything() -> dict[str, tuple[Any, ...]]:
    """Return all that is stored of every session, in a form that two runs can be compared by."""
    columns = [field.attname for field in Session._meta.concrete_fields if field.attname != "indexed_at"]
    stored = {}
    for session in Session.objects.order_by("pk"):
        body = b"".join(bodies.raw(session))
        strands = list(
            Strand.objects.filter(session=session).order_by("key").values_list("key", "consumed", "events", "kinds")
        )
        stored[str(session.pk)] = (*(getattr(session, name) for name in columns), strands, body)
    return stored


def events(session: Session) -> list[str]:
    return [jsonl.event_line(event).decode() for event in bodies.merged(session)]
