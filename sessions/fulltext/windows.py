"""Windows on the newest rows of PostgreSQL's index, so that the newest hits are found without gathering all of them.

A GIN index gives all rows that hold a word, in no order; of a word that stands in thousands they would all be fetched
to sort them. So each row also holds marks that say in which window of rows it lies, and hits are looked for in wider
and wider windows, with their marks beside the words, then in partitions, and at last in all rows. What is not found in
one window is so rare that few hits lie in the next one.
"""

from __future__ import annotations

from collections.abc import Iterator

SHIFTS = (11, 13, 15, 17, 19)
"""A window holds 2 to the power of so many rows; two are looked into, as the newest may be nearly empty.

They also stand in the rows and the functions of every database: to change them takes a migration and a new index.
"""

# As a function it is planned once in a connection: planning takes longer than finding the rows. What it sets holds
# inside it: the planner does not know what it costs to unpack long vectors, and would read all of a small table. Rows
# are sorted by a sum: by the key itself it would walk the key, and look at all rows for a word that is rare.
_NEWEST = """
CREATE OR REPLACE FUNCTION {table}_newest(wanted tsquery, most integer) RETURNS SETOF bigint LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET jit = off SET max_parallel_workers_per_gather = 0
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    newest bigint := (SELECT coalesce(max(row_id), 0) FROM {table});
    stop bigint := newest + 1;
    shift integer := {first};
    number bigint;
    start bigint;
    query tsquery;
    came integer;
BEGIN
    -- To look into two windows that hold half of all rows takes as long as to look into all.
    WHILE 1::bigint << shift <= newest / 4 LOOP
        number := newest >> shift;
        start := (number - 1) << shift;
        query := wanted;
        -- Wider windows have no marks: they are whole partitions, or nearly.
        IF shift <= {last} THEN
            query := query && format('''#%s_%s'' | ''#%s_%s''', shift, number, shift, number - 1)::tsquery;
        END IF;
        RETURN QUERY SELECT row_id FROM {table}
            WHERE words @@ query AND row_id + 0 >= start AND row_id + 0 < stop
            ORDER BY row_id + 0 DESC LIMIT most;
        GET DIAGNOSTICS came = ROW_COUNT;
        most := most - came;
        IF most = 0 THEN
            RETURN;
        END IF;
        stop := start;
        shift := shift + 2;
    END LOOP;
    RETURN QUERY SELECT row_id FROM {table} WHERE words @@ wanted AND row_id + 0 < stop
        ORDER BY row_id + 0 DESC LIMIT most;
END $$
"""


def create_function(table: str) -> str:
    """Return the statement that makes `<table>_newest(words, most)`: the newest rows with the words, newest first."""
    return _NEWEST.format(table=table, first=SHIFTS[0], last=SHIFTS[-1])


def drop_function(table: str) -> str:
    return f"DROP FUNCTION {table}_newest"


def marks(row: int) -> Iterator[str]:
    """Yield the marks of a row. No word has a `#` in it."""
    return (f"#{shift}_{row >> shift}" for shift in SHIFTS)
