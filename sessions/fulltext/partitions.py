"""Tables of words in partitions on PostgreSQL, so that adding words hardly gets slower as more is stored.

A GIN index keeps a list of rows for each word; the longer the lists are, the more it takes to add to them. So each
partition has an index of its own, and new rows go to the newest. It spans 131,072 row numbers, and later a sixteenth to
an eighth of those before it: there are few partitions however many rows there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TypeVar

from django.db import transaction
from django.db.backends.utils import CursorWrapper

T = TypeVar("T")

SMALLEST_SHIFT = 17
"""A partition spans 2 to the power of this many row numbers, or more.

The bounds stand in every database: to change how they are drawn takes a migration.
"""

_PARTITION = "CREATE TABLE {name} (row_id bigint PRIMARY KEY, words tsvector NOT NULL)"
_INDEX = "CREATE INDEX {name}_words ON {name} USING gin (words)"
_ATTACH = "ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({stop})"
_LOCK = "LOCK TABLE ONLY {table} IN SHARE UPDATE EXCLUSIVE MODE"
_EXISTS = "SELECT to_regclass(%s) IS NOT NULL"
_MERGE = "SELECT gin_clean_pending_list(%s)"
_ARE_VALID = """
SELECT coalesce(bool_and(indisvalid), false) FROM pg_partition_tree(to_regclass(%s)) JOIN pg_index ON indexrelid = relid
"""
_NAMES = "SELECT relid::regclass::text FROM pg_partition_tree(%s) WHERE isleaf AND level > 0"


def bounds(row: int) -> range:
    """Return the row numbers of the partition that a row belongs to."""
    shift = max(SMALLEST_SHIFT, row.bit_length() - 4)
    first = row >> shift << shift
    return range(first, first + (1 << shift))


def by_partition(
    cursor: CursorWrapper, table: str, rows: Iterable[tuple[int, T]]
) -> Iterator[tuple[str, Iterator[tuple[int, T]]]]:
    """Yield the name of each partition with its rows, and make those that are not there.

    The rows come in rising order. Those of one partition have to be read before the next one is asked for.
    """
    for numbers, own in groupby(rows, lambda row: bounds(row[0])):
        yield _ensured(cursor, table, numbers), own


def merge(cursor: CursorWrapper, name: str) -> None:
    """Put what was added to a partition in its place in the index: until then it lies in a list.

    Each search goes through that list. PostgreSQL empties it when it is long, or cleans up by itself.
    """
    cursor.execute(_MERGE, [f"{name}_words"])


def drop(cursor: CursorWrapper, table: str) -> None:
    """Remove all partitions of a table. Nobody may be adding to them meanwhile."""
    cursor.execute(_NAMES, [table])
    if names := [name for (name,) in cursor.fetchall()]:
        cursor.execute(f"DROP TABLE {', '.join(names)}")


def has_valid_indexes(cursor: CursorWrapper, table: str) -> bool:
    """Tell whether the indexes of all partitions are there and can be used."""
    cursor.execute(_ARE_VALID, [f"{table}_words"])
    return (True,) in cursor.fetchall()


def _ensured(cursor: CursorWrapper, table: str, numbers: range) -> str:
    name = f"{table}_{numbers.start}"
    if not _exists(cursor, name):
        _make(cursor, table, name, numbers)
    return name


@transaction.atomic
def _make(cursor: CursorWrapper, table: str, name: str, numbers: range) -> None:
    # Whoever waited here finds the partition that another one made. Reads and writes go on: to attach takes this lock.
    cursor.execute(_LOCK.format(table=table))
    if _exists(cursor, name):
        return
    cursor.execute(_NAMES, [table])
    for (older,) in cursor.fetchall():
        # Hardly anything will be added to it, so that its list would stay.
        merge(cursor, older)
    cursor.execute(_PARTITION.format(name=name))
    cursor.execute(_INDEX.format(name=name))
    cursor.execute(_ATTACH.format(table=table, name=name, first=numbers.start, stop=numbers.stop))


def _exists(cursor: CursorWrapper, name: str) -> bool:
    cursor.execute(_EXISTS, [name])
    return (True,) in cursor.fetchall()
