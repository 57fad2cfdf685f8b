from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from opensession.logs import Json


class JsonLogger(Logger):  # type: ignore[misc]
    """Writes what the server itself has to say as our own logs are written."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(Json())
