"""Text search of PostgreSQL over words that we split ourselves.

Its own parsers keep `path/to/file.py` and `self.name` as one word and part others at `_`, so they are not asked: a row
is a tsvector that is written out, each word with its places (postgresql.org/docs/current/datatype-textsearch.html).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.backends.utils import CursorWrapper

from sessions.fulltext import folding, partitions, windows
from sessions.fulltext.base import Hit, Phrase, Traced, Words

TABLE = "ai_sessions_words"
PARTS = "ai_sessions_part_words"

LONGEST_WORD = 500
"""Characters; a lexeme has at most 2,046 bytes. Longer words are found by their beginning."""

MOST_PLACES = 255
"""PostgreSQL keeps no more places of one word in one row, and refuses nothing: later ones are in no phrase."""

_ADD = "COPY {table} (row_id, words) FROM STDIN"
_NEWEST = "SELECT * FROM {table}_newest(%s, %s)"
_RANGE = "row_id >= %(first)s AND row_id < %(stop)s AND row_id + 0 >= %(first)s AND row_id + 0 < %(stop)s"
"""By the sum, PostgreSQL leaves partitions out; by the key, it finds the rows in one."""
_INSIDE = f"""
SELECT row_id FROM {TABLE} WHERE words @@ %(words)s::tsquery AND {_RANGE} ORDER BY row_id LIMIT %(limit)s
"""  # noqa: S608
_DELETE = f"DELETE FROM {{table}} WHERE {_RANGE}"  # noqa: S608
_BLOCK = """
CROSS JOIN LATERAL (
    SELECT * FROM ai_sessions_searchblock WHERE first <= found.value ORDER BY first DESC LIMIT 1
) AS block
"""
_HITS = f"""
SELECT strand.session_id, block.strand_id, block.first_event + found.value - block.first
FROM unnest(%s::bigint[]) WITH ORDINALITY AS found (value, place)
{_BLOCK}
JOIN ai_sessions_strand AS strand ON strand.id = block.strand_id AND strand.is_live
WHERE found.value < block.first + block.count
ORDER BY found.place
"""  # noqa: S608
# Rows are taken one by one until there are enough, and those beside each other mostly lead to the same strand. Nothing
# sorts in between: the block of a row is sought by the row, so rows stay in the order in which they were given.
_STRANDS = f"""
SELECT newest.value, strand.session_id,
    (SELECT is_auxiliary FROM ai_sessions_session AS session WHERE session.id = strand.session_id)
FROM (
    SELECT value, strand_id
    FROM (
        SELECT found.value, block.strand_id, lag(block.strand_id) OVER () AS before
        FROM unnest(%s::bigint[]) AS found (value)
        {_BLOCK}
        WHERE found.value < block.first + block.count
    ) AS each
    WHERE strand_id IS DISTINCT FROM before LIMIT %s
) AS newest
LEFT JOIN ai_sessions_strand AS strand ON strand.id = newest.strand_id AND strand.is_live
ORDER BY newest.value DESC
"""  # noqa: S608


class PostgresEngine:
    def add(self, cursor: CursorWrapper, rows: Iterable[tuple[int, str]]) -> None:
        for partition, own in partitions.by_partition(cursor, TABLE, rows):
            _copy(cursor, partition, ((row, vector(text)) for row, text in own))

    def add_parts(self, cursor: CursorWrapper, parts: Iterable[tuple[int, Iterable[str]]]) -> None:
        for partition, own in partitions.by_partition(cursor, PARTS, parts):
            _copy(cursor, partition, ((row, _set(texts)) for row, texts in own))
            # Searches of one word go through what is not merged in each window. Of events it may wait: that costs a
            # search 1 ms at most, and the indexing of an upload a quarter less.
            partitions.merge(cursor, partition)

    def drop(self, cursor: CursorWrapper, first: int, stop: int) -> int:
        for table in (TABLE, PARTS):
            cursor.execute(_DELETE.format(table=table), {"first": first, "stop": stop})
        return 0

    def clear(self, cursor: CursorWrapper) -> None:
        for table in (TABLE, PARTS):
            partitions.drop(cursor, table)

    def problem(self, cursor: CursorWrapper) -> str:
        for table in (TABLE, PARTS):
            if not partitions.has_valid_indexes(cursor, table):
                return f"an index of {table} is not there, or not valid"
        return ""

    def rows(self, cursor: CursorWrapper, words: Words, limit: int) -> list[int]:
        return _newest(cursor, TABLE, words, limit)

    def parts(self, cursor: CursorWrapper, words: Words, limit: int) -> list[int]:
        return _newest(cursor, PARTS, words, limit)

    def rows_inside(self, cursor: CursorWrapper, words: Words, first: int, stop: int, limit: int = -1) -> list[int]:
        query = expression(words)
        if not query:
            return []
        most = None if limit < 0 else limit
        cursor.execute(_INSIDE, {"words": query, "first": first, "stop": stop, "limit": most})
        return [row for (row,) in cursor.fetchall()]

    def strands(self, cursor: CursorWrapper, rows: Sequence[int], limit: int) -> list[Traced]:
        cursor.execute(_STRANDS, [list(rows), limit])
        return [Traced._make(row) for row in cursor.fetchall()]

    def hits(self, cursor: CursorWrapper, rows: Sequence[int]) -> list[Hit]:
        cursor.execute(_HITS, [list(rows)])
        return [Hit._make(row) for row in cursor.fetchall()]


def vector(text: str) -> str:
    """Return a text as a tsvector is written."""
    places = defaultdict[str, list[str]](list)
    for place, word in enumerate(folding.words(text), 1):
        places[word[:LONGEST_WORD]].append(str(place))
    return " ".join([f"'{word}':{','.join(own[:MOST_PLACES])}" for word, own in places.items()])


def expression(words: Words) -> str:
    """Return the words as a tsquery is written; nothing if there is nothing to find."""
    wanted = [part for phrase in words.all_of if (part := _phrase(phrase))]
    unwanted = [f"!{part}" for phrase in words.none_of if (part := _phrase(phrase))]
    return " & ".join([*wanted, *unwanted]) if wanted else ""


def _set(texts: Iterable[str]) -> str:
    """Return the words of texts as a tsvector without places is written."""
    words = {word[:LONGEST_WORD] for text in texts for word in folding.words(text)}
    return " ".join(f"'{word}'" for word in sorted(words))


def marked(row: int, vector: str) -> str:
    """Return the vector of a row with the marks of its windows."""
    return " ".join([vector, *(f"'{mark}'" for mark in windows.marks(row))])


def _copy(cursor: CursorWrapper, table: str, rows: Iterable[tuple[int, str]]) -> None:
    # Django wraps the errors of what it knows, and does not know this.
    with cursor.db.wrap_database_errors, cursor.copy(_ADD.format(table=table)) as copy:
        for row, vector in rows:
            copy.write_row((row, marked(row, vector)))


def _newest(cursor: CursorWrapper, table: str, words: Words, limit: int) -> list[int]:
    query = expression(words)
    if not query:
        return []
    cursor.execute(_NEWEST.format(table=table), [query, limit])
    return [row for (row,) in cursor.fetchall()]


def _phrase(phrase: Phrase) -> str:
    parts = [f"'{word[:LONGEST_WORD]}'" for word in folding.words(phrase.text)]
    if not parts:
        return ""
    return f"({' <-> '.join(parts)}{':*' * phrase.is_prefix})"
