"""Make the full-text table. PostgreSQL gets none here: its engine brings a migration of its own."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from sessions.fulltext.sqlite import CREATE, DROP


def create(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        for statement in CREATE:
            schema_editor.execute(statement)


def drop(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(DROP)


class Migration(migrations.Migration):
    dependencies = [("ai_sessions", "0001_initial")]

    operations = [migrations.RunPython(create, drop)]
