"""See to it that the tables are there. On one's own machine nobody should have to know what a migration is."""

from __future__ import annotations

from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection

from sessions.ingest.lock import ingest_lock

PATIENCE = 30.0
_OURS = ("accounts", "ai_sessions")


def prepare() -> None:
    """Make the tables, or bring them up to date, in the local profile. Raises DatabaseError, and Busy after 30 s."""
    if settings.OPENSESSION_PROFILE != "local" or _known() <= _applied():
        return
    with ingest_lock(Path(settings.OPENSESSION_DATA_DIR), wait=PATIENCE):
        call_command("migrate", verbosity=0, skip_checks=True)


def _known() -> set[tuple[str, str]]:
    folders = {label: Path(apps.get_app_config(label).path, "migrations") for label in _OURS}
    return {(label, file.stem) for label, folder in folders.items() for file in folder.glob("[0-9]*.py")}


def _applied() -> set[tuple[str, str]]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations")
            return set(cursor.fetchall())
    except DatabaseError:
        return set()
