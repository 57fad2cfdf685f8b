"""How logs are written: lines for people, or an object a line for machines. Either way ids and paths, never content."""

from __future__ import annotations

import json
import logging
import re
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

FORMATS = ("text", "json")

_ADDRESS = re.compile(r"(\w+://[^/\s]+)/\S*")

request_id: ContextVar[str] = ContextVar("request_id", default="")

REQUEST_ID = "opensession.request_id"
"""Where a request keeps its id, for what is logged when it is over."""

_FIELDS = ("method", "route", "session", "status", "milliseconds")
"""What our own records may carry beside their message."""


class Requests(logging.Filter):
    """Tell of a request by its route and id. Its address may hold the secret of a link, so may the page before it."""

    def filter(self, record: logging.LogRecord) -> bool:
        request: Any = getattr(record, "request", None)
        # Its class is not asked for: importing it would make every command start later.
        if hasattr(request, "resolver_match"):
            route = request.resolver_match.route if request.resolver_match else "an unknown address"
            record.args = tuple(route if each == request.path else _cut(each) for each in record.args or ())
            record.request_id = request.META.get(REQUEST_ID)
            if getattr(record, "status_code", 500) < 500:
                # A refusal is no failure of ours; anybody could fill the log with traces.
                record.exc_info = None
        return True


class Text(logging.Formatter):
    """A line for people: what is said, and behind it what else is known. Of an exception the type and the places."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is Python's.
        known = [f"{name}={value}" for name, value in _known(record).items()]
        return " ".join([super().formatMessage(record), *known])

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name is Python's.
        kind, _, trace = ei
        return "\n".join([kind.__name__, *(f"    {place}" for place in _places(trace))])


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
        "filters": {"requests": {"()": "opensession.logs.Requests"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": kind, "filters": ["requests"]}},
        "root": {"handlers": ["stderr"], "level": level},
        # Django's own handler would mail errors to nobody, and needs half of Django to be imported.
        "loggers": {"django": {"handlers": [], "propagate": True}},
    }


def _known(record: logging.LogRecord) -> dict[str, Any]:
    """Return the fields that a record has, and the request that it is about."""
    identity = request_id.get() or getattr(record, "request_id", None)
    fields = {"request_id": identity} | {name: getattr(record, name, None) for name in _FIELDS}
    return {name: value for name, value in fields.items() if value is not None}


def _cut(value: object) -> object:
    """Leave of the addresses in a text where they lead to, and nothing behind that."""
    return _ADDRESS.sub(r"\1", value) if isinstance(value, str) else value


def _places(trace: Any) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
