"""Put PostgreSQL's words into partitions. It takes as long as indexing them, and twice their space meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import migrations

from sessions.fulltext import windows

_TABLES = ("ai_sessions_words", "ai_sessions_part_words")
_COLUMNS = "(row_id bigint PRIMARY KEY, words tsvector NOT NULL)"
# The key is a sum because searches compare the sum: with one of `row_id` itself, the planner would walk the primary key.
_PARTITIONED = "CREATE TABLE {table} (row_id bigint, words tsvector NOT NULL) PARTITION BY RANGE ((row_id + 0))"
_INDEX = "CREATE INDEX {table}_words ON {table} USING gin (words)"
_COPY = "INSERT INTO {name} SELECT row_id, words FROM {whole} WHERE row_id >= {first} AND row_id < {stop}"
_ATTACH = "ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({stop})"


def partition(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    for table in _TABLES:
        whole = _renamed(schema_editor, table)
        schema_editor.execute(_PARTITIONED.format(table=table))
        for first, stop in _bounds(_newest(schema_editor, whole)):
            names = {"table": table, "name": f"{table}_{first}", "whole": whole, "first": first, "stop": stop}
            schema_editor.execute(f"CREATE TABLE {names['name']} {_COLUMNS}")
            schema_editor.execute(_COPY.format(**names))
            schema_editor.execute(_INDEX.format(table=names["name"]))
            schema_editor.execute(_ATTACH.format(**names))
        schema_editor.execute(_INDEX.format(table=table))
        schema_editor.execute(f"DROP TABLE {whole}")
        schema_editor.execute(windows.create_function(table), params=None)


def unite(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    for table in _TABLES:
        partitioned = _renamed(schema_editor, table)
        schema_editor.execute(f"CREATE TABLE {table} {_COLUMNS}")
        schema_editor.execute(f"INSERT INTO {table} SELECT row_id, words FROM {partitioned}")  # noqa: S608
        schema_editor.execute(_INDEX.format(table=table))
        # The function stays: its text names no partition. Like that of 0003 it is today's; another takes a migration.
        schema_editor.execute(f"DROP TABLE {partitioned}")


def _renamed(schema_editor: Any, table: str) -> str:
    """Let a table and its indexes make room, and return its new name."""
    before = f"{table}_before"
    for what, suffix in (("TABLE", ""), ("INDEX", "_words"), ("INDEX IF EXISTS", "_pkey")):
        schema_editor.execute(f"ALTER {what} {table}{suffix} RENAME TO {before}{suffix}")
    return before


def _newest(schema_editor: Any, table: str) -> int:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(max(row_id), -1) FROM {table}")  # noqa: S608
        return cursor.fetchone()[0]


def _bounds(newest: int) -> Iterator[tuple[int, int]]:
    """Yield the first row of each partition, and the row behind its last one."""
    first = 0
    while first <= newest:
        stop = first + (1 << max(17, first.bit_length() - 4))
        yield first, stop
        first = stop


class Migration(migrations.Migration):
    dependencies = [("ai_sessions", "0003_newest")]

    operations = [migrations.RunPython(partition, unite)]
