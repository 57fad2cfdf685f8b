"""The partitions of PostgreSQL's tables of words."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.migrations.executor import MigrationExecutor

from sessions.fulltext import Phrase, Words, engine
from sessions.fulltext.partitions import SMALLEST_SHIFT, bounds

SMALLEST = 1 << SMALLEST_SHIFT
RED = Words((Phrase("red"),))


@pytest.fixture
def cursor() -> Iterator[CursorWrapper]:
    with connection.cursor() as cursor:
        engine().clear(cursor)
        yield cursor


def test_they_lie_side_by_side() -> None:
    row, seen = 0, list[range]()
    while row < 1 << 30:
        seen.append(bounds(row))
        assert seen[-1].start == row == bounds(seen[-1].stop - 1).start
        row = seen[-1].stop
    assert {len(each) for each in seen if each.start < 8 * SMALLEST} == {SMALLEST}
    assert all(each.start // 16 <= len(each) <= each.start // 8 for each in seen if each.start >= 8 * SMALLEST)


@pytest.mark.postgresql
@pytest.mark.django_db
class TestPartitions:
    def test_it_works(self, cursor: CursorWrapper) -> None:
        engine().add(cursor, [(SMALLEST - 1, "red"), (SMALLEST, "red"), (5 * SMALLEST, "red")])
        assert partitions(cursor) == [f"ai_sessions_words_{first * SMALLEST}" for first in (0, 1, 5)]
        assert engine().rows(cursor, RED, 9) == [5 * SMALLEST, SMALLEST, SMALLEST - 1]

    def test_it_forgets_them(self, cursor: CursorWrapper) -> None:
        engine().add(cursor, [(1, "red")])
        engine().clear(cursor)
        assert partitions(cursor) == []

    def test_it_reads_the_newest_hits_from_the_newest_partition(self, cursor: CursorWrapper) -> None:
        engine().add(cursor, [(at * SMALLEST + n, "red") for at in range(3) for n in range(9)])
        before = read(cursor)
        assert engine().rows(cursor, RED, 5) == [2 * SMALLEST + n for n in range(8, 3, -1)]
        # The key of the newest row is read in each.
        assert [after - read for after, read in zip(read(cursor), before, strict=True)] == [1, 1, 10]

    def test_it_takes_and_drops_stretches_that_cross_a_border(self, cursor: CursorWrapper) -> None:
        numbers = [SMALLEST + n for n in range(-3, 3)]
        engine().add(cursor, [(row, "red") for row in numbers])
        engine().add_parts(cursor, [(row, ["red"]) for row in numbers])
        assert engine().rows_inside(cursor, RED, numbers[1], numbers[-1]) == numbers[1:-1]
        engine().drop(cursor, numbers[1], numbers[-1])
        for look_up in (engine().rows, engine().parts):
            assert look_up(cursor, RED, 9) == [numbers[-1], numbers[0]]

    def test_it_leaves_the_other_partitions_alone(self, cursor: CursorWrapper) -> None:
        engine().add(cursor, [(at * SMALLEST + n, "red") for at in range(3) for n in range(9)])
        before = read(cursor)
        assert len(engine().rows_inside(cursor, RED, SMALLEST, 2 * SMALLEST)) == 9
        engine().drop(cursor, SMALLEST, 2 * SMALLEST)
        oldest, middle, newest = (after - read for after, read in zip(read(cursor), before, strict=True))
        assert (oldest, newest) == (0, 0)
        assert middle > 0

    def test_it_merges_the_words_of_those_that_are_full(self, cursor: CursorWrapper) -> None:
        engine().add(cursor, [(SMALLEST - 1, "red"), (SMALLEST, "red")])
        cursor.execute("SELECT gin_clean_pending_list('ai_sessions_words_0_words')")
        assert cursor.fetchone() == (0,)

    def test_it_notices_an_index_that_is_not_valid(self, cursor: CursorWrapper) -> None:
        engine().add_parts(cursor, [(1, ["red"])])
        assert engine().problem(cursor) == ""
        cursor.execute(
            "UPDATE pg_index SET indisvalid = false FROM pg_class WHERE oid = indexrelid AND relname = %s",
            ["ai_sessions_part_words_0_words"],
        )
        assert "ai_sessions_part_words" in engine().problem(cursor)

    def test_it_notices_an_index_that_is_missing(self, cursor: CursorWrapper) -> None:
        cursor.execute("DROP INDEX ai_sessions_words_words")
        assert "ai_sessions_words" in engine().problem(cursor)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_those_who_add_at_once_make_one(cursor: CursorWrapper) -> None:
    wanted = [5 * SMALLEST + n for n in range(8)]
    ready = Barrier(len(wanted))
    with ThreadPoolExecutor(len(wanted)) as pool:
        list(pool.map(lambda row: add(row, ready), wanted))
    assert partitions(cursor) == [f"ai_sessions_words_{5 * SMALLEST}"]
    assert engine().rows(cursor, RED, 99) == wanted[::-1]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_what_was_indexed_before_is_put_into_them(cursor: CursorWrapper) -> None:
    numbers = [row for at in (0, 1, 3, 17) for row in (at * SMALLEST, (at + 1) * SMALLEST - 1)]
    engine().add(cursor, [(row, "red") for row in numbers])
    engine().add_parts(cursor, [(row, ["red"]) for row in numbers])
    for name in ("0003_newest", "0004_partitions"):
        MigrationExecutor(connection).migrate([("ai_sessions", name)])
        for look_up in (engine().rows, engine().parts):
            assert look_up(cursor, RED, 99) == numbers[::-1]
    assert engine().problem(cursor) == ""
    engine().add(cursor, [(18 * SMALLEST, "red")])
    # From 16 on each spans two of the smallest.
    assert partitions(cursor) == [f"ai_sessions_words_{at * SMALLEST}" for at in (*range(16), 16, 18)]


def partitions(cursor: CursorWrapper) -> list[str]:
    """Return the names of the partitions of the words of events, oldest first."""
    cursor.execute("SELECT relid::regclass::text FROM pg_partition_tree('ai_sessions_words') WHERE level > 0")
    return sorted((name for (name,) in cursor.fetchall()), key=lambda name: int(name.rpartition("_")[2]))


def read(cursor: CursorWrapper) -> list[int]:
    """Return how many rows of each partition were read by an index in this transaction, of the oldest first."""
    names = partitions(cursor)
    cursor.execute("SELECT relname, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = ANY(%s)", [names])
    counts = dict(cursor.fetchall())
    return [counts[name] for name in names]


def add(row: int, ready: Barrier) -> None:
    try:
        with connection.cursor() as cursor:
            ready.wait(timeout=30)
            engine().add(cursor, [(row, "red")])
    finally:
        connection.close()
