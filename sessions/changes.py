"""Learn that another connection has stored something, as cheaply as the database allows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Protocol

from django.db import DatabaseError, connection

_CHANNEL = "ai_sessions_changed"

# A transaction that changes many rows is told of once; NOTIFY is sent when it commits.
_TABLES = ("ai_sessions_session", "ai_sessions_strand")
CREATE = (
    f"CREATE FUNCTION {_CHANNEL}() RETURNS trigger LANGUAGE plpgsql"
    f" AS $$ BEGIN PERFORM pg_notify('{_CHANNEL}', ''); RETURN NULL; END $$",
    *(
        f"CREATE TRIGGER {_CHANNEL} AFTER INSERT OR UPDATE OR DELETE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {_CHANNEL}()"
        for table in _TABLES
    ),
)
DROP = (*(f"DROP TRIGGER {_CHANNEL} ON {table}" for table in _TABLES), f"DROP FUNCTION {_CHANNEL}()")


class Changes(Protocol):
    """What others commit, from when it was made on. For the thread that made it, whose connection it takes."""

    def come_within(self, seconds: float) -> bool:
        """Wait so long for a change, or shorter; tell whether there was one."""

    def close(self) -> None:
        """Give the connection back."""


class _Counted:
    """SQLite counts the commits of others."""

    def __init__(self) -> None:
        self._known = self._count()

    def come_within(self, seconds: float) -> bool:
        time.sleep(seconds)
        known, self._known = self._known, self._count()
        return known != self._known

    def _count(self) -> int:
        try:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA data_version")
                return int(cursor.fetchone()[0])
        except DatabaseError:
            # It may be locked, or moved away: the next look takes a new connection, whose count begins anew.
            connection.close()
            return -1

    def close(self) -> None:
        connection.close()


class _Told:
    """PostgreSQL tells whoever listens. What a lost connection missed counts as a change."""

    def __init__(self) -> None:
        self._is_listening = self._listen()

    def come_within(self, seconds: float) -> bool:
        if not self._is_listening:
            time.sleep(seconds)
            self._is_listening = self._listen()
            return self._is_listening
        try:
            with connection.wrap_database_errors:
                return any(True for _ in connection.connection.notifies(timeout=seconds, stop_after=1))
        except DatabaseError:
            connection.close()
            self._is_listening = False
            return False

    def close(self) -> None:
        if self._is_listening:
            # The connection may go back to a pool, where nobody would fetch what it is told.
            self._said("UNLISTEN")
        connection.close()

    def _listen(self) -> bool:
        return self._said("LISTEN")

    def _said(self, what: str) -> bool:
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"{what} {_CHANNEL}")
        except DatabaseError:
            connection.close()
            return False
        return True


_BY_VENDOR: Mapping[str, type[Changes]] = {"sqlite": _Counted, "postgresql": _Told}


def changes() -> Changes:
    """Return what the calling thread will be told by the database in use."""
    return _BY_VENDOR[connection.vendor]()
