"""FTS5 without content: the words stay in the bodies, the index holds row ids only (https://sqlite.org/fts5.html)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from uuid import UUID

from django.db import DatabaseError
from django.db.backends.utils import CursorWrapper

from sessions.fulltext.base import Hit, Phrase, Traced, Words

TABLE = "ai_sessions_words"
PARTS = "ai_sessions_part_words"

_TOKENS = "tokenize=\"unicode61 remove_diacritics 2 tokenchars '_'\""

# Measured on 120 MB of words of real logs, in batches of 8 MB of logs: larger hashes and rarer merges than FTS5's
# defaults take the writer's time from 5.6 s to 3.1 s and leave the index at a third of the words. Sizes of rows serve
# ranking only, which reads the events themselves.
CREATE = (
    f"CREATE VIRTUAL TABLE {TABLE} USING fts5(words, content='', columnsize=0, {_TOKENS})",
    f"INSERT INTO {TABLE} ({TABLE}, rank) VALUES ('hashsize', {8 << 20})",  # noqa: S608
    f"INSERT INTO {TABLE} ({TABLE}, rank) VALUES ('automerge', 16)",  # noqa: S608
    # Which part holds a word is all that is asked of parts, so places of words need not be kept.
    f"CREATE VIRTUAL TABLE {PARTS} USING fts5(words, content='', columnsize=0, detail=none, {_TOKENS})",
)
DROP = (f"DROP TABLE {TABLE}", f"DROP TABLE {PARTS}")

_MATCHING = f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s"  # noqa: S608
_FOUND = """
FROM json_each(%s) AS found
JOIN ai_sessions_searchblock AS block
    ON block.first = (SELECT MAX(first) FROM ai_sessions_searchblock WHERE first <= found.value)
    AND found.value < block.first + block.count
"""
_HITS = f"""
SELECT strand.session_id, block.strand_id, block.first_event + found.value - block.first
{_FOUND}
JOIN ai_sessions_strand AS strand ON strand.id = block.strand_id AND strand.is_live
ORDER BY found.key
"""
# What stands in several rows is looked up once.
_STRANDS = f"""
SELECT newest.value, strand.session_id,
    (SELECT is_auxiliary FROM ai_sessions_session AS session WHERE session.id = strand.session_id)
FROM (
    SELECT max(found.value) AS value, block.strand_id
    {_FOUND}
    GROUP BY block.strand_id ORDER BY value DESC LIMIT %s
) AS newest
LEFT JOIN ai_sessions_strand AS strand ON strand.id = newest.strand_id AND strand.is_live
ORDER BY newest.value DESC
"""  # noqa: S608
_UNREADABLE = re.compile("[\0\ud800-\udfff]")

# A search sees the same few sessions over and over.
_uuid = lru_cache(maxsize=4096)(UUID)


class SqliteEngine:
    def add(self, cursor: CursorWrapper, rows: Iterable[tuple[int, str]]) -> None:
        cursor.executemany(f"INSERT INTO {TABLE} (rowid, words) VALUES (%s, %s)", list(rows))  # noqa: S608

    def add_parts(self, cursor: CursorWrapper, parts: Iterable[tuple[int, Iterable[str]]]) -> None:
        rows = [(row, "\n".join(texts)) for row, texts in parts]
        cursor.executemany(f"INSERT INTO {PARTS} (rowid, words) VALUES (%s, %s)", rows)  # noqa: S608

    def drop(self, cursor: CursorWrapper, first: int, stop: int) -> int:
        # An index without content can take a row out only where it is told what stood in it.
        return stop - first

    def clear(self, cursor: CursorWrapper) -> None:
        for table in (TABLE, PARTS):
            cursor.execute(f"INSERT INTO {table} ({table}) VALUES ('delete-all')")  # noqa: S608

    def problem(self, cursor: CursorWrapper) -> str:
        try:
            for table in (TABLE, PARTS):
                cursor.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")  # noqa: S608
        except DatabaseError as error:
            return str(error)
        return ""

    def rows(self, cursor: CursorWrapper, words: Words, limit: int) -> list[int]:
        return _newest(cursor, TABLE, words, limit)

    def parts(self, cursor: CursorWrapper, words: Words, limit: int) -> list[int]:
        return _newest(cursor, PARTS, words, limit)

    def rows_inside(self, cursor: CursorWrapper, words: Words, first: int, stop: int, limit: int = -1) -> list[int]:
        # In falling order, FTS5 would walk there from the end of the table.
        statement = f"{_MATCHING} AND rowid >= %s AND rowid < %s ORDER BY rowid LIMIT %s"
        cursor.execute(statement, [expression(words), first, stop, limit])
        return [row for (row,) in cursor.fetchall()]

    def strands(self, cursor: CursorWrapper, rows: Sequence[int], limit: int) -> list[Traced]:
        cursor.execute(_STRANDS, [json.dumps(rows), limit])
        return [Traced(row, found and _uuid(found), bool(is_helper)) for row, found, is_helper in cursor.fetchall()]

    def hits(self, cursor: CursorWrapper, rows: Sequence[int]) -> list[Hit]:
        cursor.execute(_HITS, [json.dumps(rows)])
        return [Hit(_uuid(session), _uuid(strand), number) for session, strand, number in cursor.fetchall()]


def _newest(cursor: CursorWrapper, table: str, words: Words, limit: int) -> list[int]:
    statement = f"SELECT rowid FROM {table} WHERE {table} MATCH %s ORDER BY rowid DESC LIMIT %s"  # noqa: S608
    cursor.execute(statement, [expression(words), limit])
    return [row for (row,) in cursor.fetchall()]


def expression(words: Words) -> str:
    """Return the words in FTS5's query language. All text is quoted, so that nothing in it is an operator."""
    wanted = " ".join(_quoted(phrase) for phrase in words.all_of)
    unwanted = " OR ".join(_quoted(phrase) for phrase in words.none_of)
    return f"({wanted}) NOT ({unwanted})" if unwanted else wanted


def _quoted(phrase: Phrase) -> str:
    text = _UNREADABLE.sub(" ", phrase.text).replace('"', '""')
    return f'"{text}"*' if phrase.is_prefix else f'"{text}"'
