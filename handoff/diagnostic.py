"""What a program reads when a handoff fails: one line of JSON on stdout."""

from __future__ import annotations

from typing import Any

from msgspec import json

MACHINE_FORMATS = frozenset({"json", "jsonl", "stream"})
SUGGESTIONS = {2: "manage.py handoff --help", 3: "manage.py handoff --last"}


def diagnostic(message: str, code: int) -> str:
    """Return the line; its keys have a fixed order."""
    told: dict[str, Any] = {"severity": "error", "summary": message, "detail": message}
    if suggestion := SUGGESTIONS.get(code):
        told["suggestion"] = suggestion
    line = {"version": "0.1", "type": "error", "@level": "error", "@message": message, "diagnostic": told}
    return json.encode(line).decode()
