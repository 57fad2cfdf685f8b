"""Part PostgreSQL's tables of words into partitions; what is there becomes the first one."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from sessions.fulltext import partitions, postgres, windows

_TABLES = (postgres.TABLE, postgres.PARTS)


def part(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    counter = apps.get_model("ai_sessions", "SearchCounter").objects.filter(pk=1).first()
    stop = partitions.rows_beside(counter.next_row).stop if counter else 0
    for table in _TABLES:
        _part(schema_editor, table, stop)
    if counter:
        # The next row begins a partition of its own.
        counter.next_row = stop
        counter.save()


def _part(schema_editor: Any, table: str, stop: int) -> None:
    first = f"{table}_0"
    schema_editor.execute(f"ALTER TABLE {table} RENAME TO {first}")
    schema_editor.execute(f"ALTER INDEX {table}_pkey RENAME TO {first}_pkey")
    schema_editor.execute(f"ALTER INDEX {table}_words RENAME TO {partitions.index_of(first)}")
    for statement in partitions.create(table):
        schema_editor.execute(statement)
    if stop:
        schema_editor.execute(f"ALTER TABLE {table} ATTACH PARTITION {first} FOR VALUES FROM (0) TO ({stop})")
    else:
        schema_editor.execute(f"DROP TABLE {first}")
    schema_editor.execute(windows.create_function(table), params=None)


def join(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    for table in _TABLES:
        parted = f"{table}_parted"
        schema_editor.execute(f"ALTER TABLE {table} RENAME TO {parted}")
        schema_editor.execute(f"ALTER INDEX {table}_words RENAME TO {parted}_words")
        schema_editor.execute(f"CREATE TABLE {table} (row_id bigint PRIMARY KEY, words tsvector NOT NULL)")
        schema_editor.execute(f"INSERT INTO {table} SELECT row_id, words FROM {parted}")  # noqa: S608
        schema_editor.execute(f"CREATE INDEX {table}_words ON {table} USING gin (words)")
        schema_editor.execute(f"DROP TABLE {parted}")


class Migration(migrations.Migration):
    dependencies = [("ai_sessions", "0003_newest")]

    operations = [migrations.RunPython(part, join)]
