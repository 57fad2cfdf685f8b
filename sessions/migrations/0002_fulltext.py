"""Make what only one kind of database knows: the full-text table, and on PostgreSQL the word that something changed."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from sessions import changes
from sessions.fulltext import postgres, sqlite

CREATE = {"sqlite": sqlite.CREATE, "postgresql": (*postgres.CREATE, *changes.CREATE)}
DROP = {"sqlite": sqlite.DROP, "postgresql": (*postgres.DROP, *changes.DROP)}


def create(apps: Any, schema_editor: Any) -> None:
    for statement in CREATE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def drop(apps: Any, schema_editor: Any) -> None:
    for statement in DROP[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("ai_sessions", "0001_initial")]

    operations = [migrations.RunPython(create, drop)]
