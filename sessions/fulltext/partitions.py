"""The index of PostgreSQL in partitions, so that to add words costs the same however much is stored.

A GIN index keeps a list of rows for each word; the longer the lists are, the more it takes to add to them. So each
partition has an index of its own, and new rows go to the newest. It holds 131,072 rows, or an eighth of those before
it where that is more: there are few partitions however many rows there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TypeVar

from django.db import transaction
from django.db.backends.utils import CursorWrapper

T = TypeVar("T")

SMALLEST = 17
"""A partition holds 2 to the power of so many rows, or more."""

# By a sum, as the windows ask for it: by the key itself the planner would walk the key.
_PARTITIONED = "CREATE TABLE {table} (row_id bigint, words tsvector NOT NULL) PARTITION BY RANGE ((row_id + 0))"
_INDEX = "CREATE INDEX {table}_words ON {table} USING gin (words)"
_PARTITION = "CREATE TABLE {name} (row_id bigint PRIMARY KEY, words tsvector NOT NULL)"
_ATTACH = "ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({stop})"
_LOCK = "LOCK TABLE ONLY {table} IN SHARE UPDATE EXCLUSIVE MODE"
# What was added to an index last lies in a list, through which each search goes; where nothing is added, it would stay.
_MERGE = "SELECT gin_clean_pending_list(relid) FROM pg_partition_tree('{table}_words') WHERE isleaf"
_EXISTS = "SELECT to_regclass(%s) IS NOT NULL"
_ARE_VALID = """
SELECT coalesce(bool_and(indisvalid), false) FROM pg_partition_tree(to_regclass(%s)) JOIN pg_index ON indexrelid = relid
"""


def create(table: str) -> tuple[str, ...]:
    """Return the statements that make a table of words without any partition."""
    return _PARTITIONED.format(table=table), _INDEX.format(table=table)


def rows_beside(row: int) -> range:
    """Return the rows of the partition that a row belongs to."""
    shift = max(SMALLEST, row.bit_length() - 4)
    first = row >> shift << shift
    return range(first, first + (1 << shift))


def parted(
    cursor: CursorWrapper, table: str, rows: Iterable[tuple[int, T]]
) -> Iterator[tuple[str, Iterator[tuple[int, T]]]]:
    """Yield the name of each partition with its rows, and make those that are not there."""
    for beside, own in groupby(rows, lambda row: rows_beside(row[0])):
        yield _existing(cursor, table, beside), own


def index_of(name: str) -> str:
    """Return the name that PostgreSQL gives to the index of a partition."""
    return f"{name}_words_idx"


def are_valid(cursor: CursorWrapper, table: str) -> bool:
    """Tell whether the indexes of all partitions are there and can be used."""
    cursor.execute(_ARE_VALID, [f"{table}_words"])
    return (True,) in cursor.fetchall()


def _existing(cursor: CursorWrapper, table: str, rows: range) -> str:
    name = f"{table}_{rows.start}"
    if not _exists(cursor, name):
        _make(cursor, table, name, rows)
    return name


@transaction.atomic
def _make(cursor: CursorWrapper, table: str, name: str, rows: range) -> None:
    # Others may read and write meanwhile: to attach takes the same lock.
    cursor.execute(_LOCK.format(table=table))
    if not _exists(cursor, name):
        cursor.execute(_MERGE.format(table=table))
        cursor.execute(_PARTITION.format(name=name))
        cursor.execute(_ATTACH.format(table=table, name=name, first=rows.start, stop=rows.stop))


def _exists(cursor: CursorWrapper, name: str) -> bool:
    cursor.execute(_EXISTS, [name])
    return (True,) in cursor.fetchall()
