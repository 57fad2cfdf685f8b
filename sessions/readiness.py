"""Tell whether this process can do its work: whoever balances load asks every few seconds."""

from __future__ import annotations

import logging

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from sessions import bodies

logger = logging.getLogger(__name__)


class Readiness:
    """What was migrated once stays so for as long as this code runs, so it is looked at until then."""

    def __init__(self) -> None:
        self._is_migrated = False

    def problem(self) -> str:
        """Return what is missing, in a sentence that tells strangers nothing more; the log says why."""
        return self.of_database() or _storage()

    def of_database(self) -> str:
        """Return what is missing of the database."""
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            self._is_migrated = self._is_migrated or not _waiting()
        except (DatabaseError, OSError) as error:
            logger.error("not ready: the database: %s", error)
            return "The database cannot be reached."
        return "" if self._is_migrated else "Migrations are waiting; run `manage.py prepare`."


def _waiting() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _storage() -> str:
    problem = bodies.store().problem()
    if problem:
        logger.error("not ready: bodies: %s", problem)
    return "The storage of sessions cannot be reached." if problem else ""


readiness = Readiness()
