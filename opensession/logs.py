"""How logs are written: lines for people, or an object a line for machines. Either way ids and paths, never content."""

from __future__ import annotations

import json
import logging
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

FORMATS = ("text", "json")

request_id: ContextVar[str] = ContextVar("request_id", default="")

_FIELDS = ("route", "session", "method", "status", "milliseconds")
"""What our own records may carry beside their message."""


class Json(logging.Formatter):
    """One JSON object per line.

    Of an exception it writes the type and the places: its text may quote what was in a session.
    """

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if identity := request_id.get():
            entry["request_id"] = identity
        entry |= {name: value for name in _FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info and record.exc_info[0]:
            entry |= {"exception": record.exc_info[0].__name__, "where": _places(record.exc_info[2])}
        return json.dumps(entry, ensure_ascii=False, default=str)


def configured(kind: str, level: str) -> dict[str, Any]:
    """Return the configuration of `logging`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "text": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
            "json": {"()": "opensession.logs.Json"},
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": kind}},
        "root": {"handlers": ["stderr"], "level": level},
        # Django's own handler would mail errors to nobody, and needs half of Django to be imported.
        "loggers": {"django": {"handlers": [], "propagate": True}},
    }


def _places(trace: Any) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
