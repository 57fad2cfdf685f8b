"""What commands and the daemon share: where to index from, and how failures are said to people."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.db import DatabaseError

from sessions.ingest.lock import Busy
from sessions.ingest.run import Settings
from sessions.ingest.workers import WorkerDied

INDEX_FAILURES = (Busy, WorkerDied, OSError, DatabaseError)


def ingest_settings(wait: float = 0.0) -> Settings:
    return Settings(
        home=Path.home(),
        env=os.environ,
        data_dir=Path(settings.OPENSESSION_DATA_DIR),
        keep_raw=settings.OPENSESSION_KEEP_RAW,
        wait=wait,
    )


def is_local() -> bool:
    """Tell whether sessions of this machine may be indexed: a server must not feed its operator's own to a team."""
    return bool(settings.OPENSESSION_PROFILE == "local")


def need_local_profile(command: str) -> None:
    if not is_local():
        raise CommandError(
            f"`{command}` reads the sessions of this machine and works in the local profile only; "
            f"OPENSESSION_PROFILE is {settings.OPENSESSION_PROFILE!r}"
        )


def said(error: Exception) -> str:
    """Return one line that names what failed and the next step."""
    if isinstance(error, OSError) and error.strerror:
        place = f" ({error.filename})" if error.filename else ""
        return (
            f"{error.strerror}{place}; nothing half-written was kept. Make room or mend the permissions, then run again"
        )
    if isinstance(error, DatabaseError):
        return (
            f"the database refused: {error}. If it is locked, wait for the other program; else run `manage.py migrate`"
        )
    return str(error)
