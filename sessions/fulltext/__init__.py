"""Full-text search over the words of events, behind one small interface."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection

from sessions.fulltext.base import Engine, Hit, Phrase, Traced, Words, is_one_word
from sessions.fulltext.postgres import PostgresEngine
from sessions.fulltext.sqlite import SqliteEngine

__all__ = ["Engine", "Hit", "Phrase", "Traced", "Words", "engine", "is_one_word"]

_ENGINES: Mapping[str, Engine] = {"sqlite": SqliteEngine(), "postgresql": PostgresEngine()}


def engine() -> Engine:
    """Return the engine of the database in use."""
    return _ENGINES[connection.vendor]
