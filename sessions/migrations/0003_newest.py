"""Make the functions by which PostgreSQL finds the newest rows that hold some words."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from sessions.fulltext import postgres, windows

_TABLES = (postgres.TABLE, postgres.PARTS)
CREATE = {"sqlite": (), "postgresql": tuple(map(windows.create_function, _TABLES))}
DROP = {"sqlite": (), "postgresql": tuple(map(windows.drop_function, _TABLES))}


def create(apps: Any, schema_editor: Any) -> None:
    for statement in CREATE[schema_editor.connection.vendor]:
        # Only without parameters does a `%` stay one; the functions hold some.
        schema_editor.execute(statement, params=None)


def drop(apps: Any, schema_editor: Any) -> None:
    for statement in DROP[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("ai_sessions", "0002_fulltext")]

    operations = [migrations.RunPython(create, drop)]
