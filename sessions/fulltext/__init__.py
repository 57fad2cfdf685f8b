"""Full-text search over the words of events, behind one small interface."""

from __future__ import annotations

from sessions.fulltext.base import Engine, Hit, Phrase, Words
from sessions.fulltext.sqlite import SqliteEngine

__all__ = ["Engine", "Hit", "Phrase", "Words", "engine"]

_ENGINE: Engine = SqliteEngine()


def engine() -> Engine:
    """Return the engine of the database in use."""
    return _ENGINE
