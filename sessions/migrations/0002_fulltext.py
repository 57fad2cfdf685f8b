"""Make what only one kind of database knows: the full-text table, and on PostgreSQL the word that something changed."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from sessions import changes
from sessions.fulltext import sqlite

_TABLES = ("ai_sessions_words", "ai_sessions_part_words")
_WORDS = tuple(
    statement
    for table in _TABLES
    for statement in (
        f"CREATE TABLE {table} (row_id bigint PRIMARY KEY, words tsvector NOT NULL)",
        f"CREATE INDEX {table}_words ON {table} USING gin (words)",
    )
)
CREATE = {"sqlite": sqlite.CREATE, "postgresql": (*_WORDS, *changes.CREATE)}
DROP = {"sqlite": sqlite.DROP, "postgresql": (*(f"DROP TABLE {table}" for table in _TABLES), *changes.DROP)}


def create(apps: Any, schema_editor: Any) -> None:
    for statement in CREATE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def drop(apps: Any, schema_editor: Any) -> None:
    for statement in DROP[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("ai_sessions", "0001_initial")]

    operations = [migrations.RunPython(create, drop)]
