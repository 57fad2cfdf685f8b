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

_FIELDS = ("method", "route", "session", "status", "milliseconds")
"""What our own records may carry beside their message."""


class Routes(logging.Filter):
    """Put the route of a request in place of its address, which may hold the secret of a link."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(record.args, tuple) and (path := getattr(request, "path", "")):
            match = getattr(request, "resolver_match", None)
            route = match.route if match else "an unknown address"
            record.args = tuple(route if each == path else each for each in record.args)
        return True


class Text(logging.Formatter):
    """A line for people: what is said, and behind it what else is known."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is Python's.
        known = [f"{name}={value}" for name, value in _known(record).items()]
        return " ".join([super().formatMessage(record), *known])


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
        entry |= _known(record)
        if record.exc_info and record.exc_info[0]:
            entry |= {"exception": record.exc_info[0].__name__, "where": _places(record.exc_info[2])}
        return json.dumps(entry, ensure_ascii=False, default=str)


def configured(kind: str, level: str) -> dict[str, Any]:
    """Return the configuration of `logging`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "text": {"()": "opensession.logs.Text"},
            "json": {"()": "opensession.logs.Json"},
        },
        "filters": {"routes": {"()": "opensession.logs.Routes"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": kind, "filters": ["routes"]}},
        "root": {"handlers": ["stderr"], "level": level},
        # Django's own handler would mail errors to nobody, and needs half of Django to be imported.
        "loggers": {"django": {"handlers": [], "propagate": True}},
    }


def _known(record: logging.LogRecord) -> dict[str, Any]:
    """Return the fields that a record has, and the request that it is about."""
    fields = {"request_id": request_id.get() or None} | {name: getattr(record, name, None) for name in _FIELDS}
    return {name: value for name, value in fields.items() if value is not None}


def _places(trace: Any) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
