"""The partitions of PostgreSQL's tables of words."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.migrations.executor import MigrationExecutor

from sessions.fulltext import Phrase, Words, engine
from sessions.fulltext.partitions import rows_beside
from sessions.models import SearchCounter

SMALLEST = 1 << 17
RED = Words((Phrase("red"),))


def test_they_lie_side_by_side() -> None:
    row, seen = 0, list[range]()
    while row < 1 << 30:
        seen.append(rows_beside(row))
        assert seen[-1].start == row == rows_beside(seen[-1].stop - 1).start
        row = seen[-1].stop
    assert {len(each) for each in seen if each.start < 8 * SMALLEST} == {SMALLEST}
    assert all(each.start // 16 <= len(each) <= each.start // 8 for each in seen if each.start >= 8 * SMALLEST)


@pytest.mark.postgresql
@pytest.mark.django_db
def test_the_newest_hits_are_read_from_the_newest_partition() -> None:
    with connection.cursor() as cursor:
        engine().clear(cursor)
        engine().add(cursor, [(at * SMALLEST + n, "red") for at in range(3) for n in range(9)])
        before = _read(cursor)
        assert engine().rows(cursor, RED, 5) == [2 * SMALLEST + n for n in range(8, 3, -1)]
        read = {name: count - before[name] for name, count in _read(cursor).items()}
    # The key of the newest row is read in each.
    assert read == {"ai_sessions_words_0": 1, "ai_sessions_words_131072": 1, "ai_sessions_words_262144": 10}


@pytest.mark.postgresql
@pytest.mark.django_db
def test_nothing_waits_in_a_partition_to_which_nothing_is_added_any_more() -> None:
    with connection.cursor() as cursor:
        engine().clear(cursor)
        engine().add(cursor, [(SMALLEST - 1, "red"), (SMALLEST, "red")])
        cursor.execute("SELECT gin_clean_pending_list('ai_sessions_words_0_words_idx')")
        assert cursor.fetchone() == (0,)


def _read(cursor: CursorWrapper) -> dict[str, int]:
    """Return how many rows of each partition were read by an index in this transaction."""
    cursor.execute("SELECT relname, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname ~ '^ai_sessions_words_'")
    return dict(cursor.fetchall())


@pytest.mark.postgresql
@pytest.mark.django_db
def test_an_index_that_is_missing_is_noticed() -> None:
    with connection.cursor() as cursor:
        engine().add_parts(cursor, [(1, ["red"])])
        assert engine().problem(cursor) == ""
        cursor.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ai_sessions_part_words_0_words_idx'::regclass"
        )
        assert "ai_sessions_part_words" in engine().problem(cursor)


def _add(row: int) -> None:
    try:
        with connection.cursor() as cursor:
            engine().add(cursor, [(row, "red")])
    finally:
        connection.close()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_those_who_add_at_once_make_one() -> None:
    wanted = [5 * SMALLEST + n for n in range(8)]
    with ThreadPoolExecutor(len(wanted)) as pool:
        list(pool.map(_add, wanted))
    with connection.cursor() as cursor:
        assert engine().rows(cursor, RED, 99) == wanted[::-1]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_what_was_indexed_before_there_were_partitions_is_found() -> None:
    SearchCounter.objects.create(pk=1, next_row=2 * SMALLEST + 7)
    with connection.cursor() as cursor:
        engine().add(cursor, [(1, "red"), (2 * SMALLEST + 6, "red")])
        engine().add_parts(cursor, [(1, ["red"])])
        _migrate("0003_newest")
        assert engine().rows(cursor, RED, 99) == [2 * SMALLEST + 6, 1]
        _migrate("0004_partitions")
        following = SearchCounter.objects.get().next_row
        engine().add(cursor, [(following, "red")])
        assert engine().rows(cursor, RED, 99) == [following, 2 * SMALLEST + 6, 1]
        assert engine().parts(cursor, RED, 99) == [1]


def _migrate(name: str) -> None:
    MigrationExecutor(connection).migrate([("ai_sessions", name)])
