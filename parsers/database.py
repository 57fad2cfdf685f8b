"""Read an agent's SQLite database while the agent may be writing it, and whatever it claims to hold.

Nothing is written, created or recovered; no view, trigger or extension of the file is run (`spec/parsers.md` 4.4).
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from parsers.errors import ParseError

MAX_SECONDS = 60.0
"""Of one statement. The file decides how much work a query is, so the clock must."""

MAX_VALUE = 64 << 20
"""Bytes of one value."""

_STEPS = 100_000
_PRAGMAS = tuple(
    f"PRAGMA {name}" for name in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON", "mmap_size = 0")
)

Row = Mapping[str, Any]


class Database:
    """An open database, read-only. Every text comes as `str`, whatever its bytes are."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path, self._connection = path, connection
        self._deadline = 0.0
        self.tables = frozenset(self._names("SELECT name FROM sqlite_master WHERE type = 'table'"))

    def columns(self, table: str) -> frozenset[str]:
        """Return the columns of a table; none where there is no such table."""
        if table not in self.tables:
            return frozenset()
        return frozenset(self._names("SELECT name FROM pragma_table_info(?)", table))

    def rows(
        self, table: str, *wanted: str, where: str = "1", by: str = "rowid", given: tuple[Any, ...] = ()
    ) -> Iterator[Row]:
        """Yield the rows of a table as mappings with all of the `wanted` columns; None for those it does not have.

        `table`, `where` and `by` are the program's own words, never taken from a log. Raises ParseError.
        """
        there = self.columns(table)
        if not there:
            return
        names = ", ".join(f'"{name}"' if name in there else f'NULL AS "{name}"' for name in wanted)
        statement = f'SELECT {names} FROM "{table}" WHERE {where} ORDER BY {by}'  # noqa: S608 - see above
        for row in self._run(statement, *given):
            yield dict(zip(wanted, row, strict=True))

    def row(self, table: str, *wanted: str, where: str, given: tuple[Any, ...]) -> Row:
        """Return the first such row; see `rows`. Raises ParseError when there is none: it is gone, or never was."""
        if (found := next(self.rows(table, *wanted, where=where, given=given), None)) is None:
            raise ParseError(self._path, 0, f"holds nothing of that kind: {', '.join(map(str, given))}")
        return found

    def marks(self, table: str, key: str, *columns: str) -> dict[Any, str]:
        """Return for each value of the column `key` a mark of its rows: their number, and of each column how many
        values there are, the greatest, and the sum. All names are the program's own words."""
        there = self.columns(table)
        if key not in there:
            return {}
        counted = (f'COUNT("{name}"), MAX("{name}"), TOTAL("{name}")' for name in columns if name in there)
        statement = f'SELECT "{key}", {", ".join(("COUNT(*)", *counted))} FROM "{table}" GROUP BY "{key}"'  # noqa: S608
        return {row[0]: ":".join(map(str, row[1:])) for row in self._run(statement)}

    def groups(self, table: str, key: str, start: str) -> dict[str, str]:
        """Return a mark of the rows for each word that stands between `start` and a colon in the texts of a column.

        `start` ends with a colon. The mark is the number of rows and the sum of their own numbers; a row that is
        replaced gets a new one. Reads the index alone, however large the rows are. The names are the program's own.
        """
        if key not in self.columns(table):
            return {}
        rest = f'substr("{key}", {len(start) + 1})'
        statement = (
            f"SELECT substr({rest}, 1, instr({rest}, ':') - 1) AS word, COUNT(*), TOTAL(rowid) "  # noqa: S608
            f'FROM "{table}" WHERE "{key}" >= ? AND "{key}" < ? GROUP BY word'
        )
        rows = self._run(statement, start, f"{start[:-1]};")
        return {str(word): f"{count}:{total}" for word, count, total in rows}

    def _names(self, statement: str, *given: Any) -> Iterator[str]:
        return (str(row[0]) for row in self._run(statement, *given))

    def _run(self, statement: str, *given: Any) -> Iterator[tuple[Any, ...]]:
        self._deadline = time.monotonic() + MAX_SECONDS
        self._connection.set_progress_handler(self._is_late, _STEPS)
        try:
            yield from self._connection.execute(statement, given)
        except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError) as error:
            raise ParseError(self._path, 0, f"cannot be read as a database: {error}") from error

    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline


def is_database(path: Path) -> bool:
    """Tell by its first bytes whether a file is an SQLite database. Raises OSError."""
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"


@contextmanager
def reading(path: Path) -> Iterator[Database]:
    """Open the database at `path` in one read transaction. Raises ParseError, or OSError when it cannot be opened."""
    if not is_database(path):
        raise ParseError(path, 0, "is no SQLite database")
    with TemporaryDirectory(prefix="opensession-") as folder:
        connection = _connected(path, _mode(path)) or _connected(_copied(path, Path(folder)), "rw")
        if connection is None:
            raise ParseError(path, 0, "cannot be read as a database: it is damaged, or locked")
        try:
            yield Database(path, connection)
        finally:
            connection.close()


def tables(path: Path) -> frozenset[str]:
    """Return the names of the tables of a file; none when it cannot be read."""
    try:
        with reading(path) as database:
            return database.tables
    except (ParseError, OSError):
        return frozenset()


def columns(path: Path, table: str) -> frozenset[str]:
    """Return the columns of a table of a file; none when it cannot be read."""
    try:
        with reading(path) as database:
            return database.columns(table)
    except (ParseError, OSError):
        return frozenset()


def _mode(path: Path) -> str:
    """Return how to open a database so that nothing is made beside it; empty when it must be copied for that."""
    with path.open("rb") as file:
        has_wal = file.read(20)[18:] == b"\x02\x02"
    if not has_wal:
        return "ro"
    log = path.with_name(f"{path.name}-wal")
    if not log.exists() or not log.stat().st_size:
        return "ro&immutable=1"
    return "ro" if path.with_name(f"{path.name}-shm").exists() else ""


def _connected(path: Path, mode: str) -> sqlite3.Connection | None:
    """Return a connection that has seen the database; None where that is not possible as it lies there."""
    if not mode:
        return None
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=5)
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE)
    try:
        for statement in (*_PRAGMAS, "BEGIN", "SELECT 1 FROM sqlite_master"):
            connection.execute(statement).fetchone()
    except (sqlite3.Error, UnicodeError):
        connection.close()
        return None
    return connection


def _copied(path: Path, folder: Path) -> Path:
    """Return a copy of the database with its log: SQLite reads a `-wal` only where it may write beside it."""
    for name in (path.name, f"{path.name}-wal"):
        if (beside := path.with_name(name)).is_file():
            shutil.copyfile(beside, folder / name)
    return folder / path.name
