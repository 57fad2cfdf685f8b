"""What the server itself has to say, written as our own logs are."""

from __future__ import annotations

import logging
from typing import Any

from gunicorn.glogging import Logger

from opensession import logs


class TextLogger(Logger):  # type: ignore[misc]
    formatter: logging.Formatter = logs.Text()

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(self.formatter)
            handler.addFilter(_unquoted)


class JsonLogger(TextLogger):
    formatter = logs.Json()


def _unquoted(record: logging.LogRecord) -> bool:
    """Say of a request that failed no more than that: gunicorn quotes its address, or what makes no sense in it."""
    for begin, said in _QUOTING.items():
        if str(record.msg).startswith(begin):
            record.msg, record.args = said, ()
    return True


_QUOTING = {
    "Error handling request": "a request failed outside of its view",
    "Invalid request from": "refused what is no request of HTTP",
}
