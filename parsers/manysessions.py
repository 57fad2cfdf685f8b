"""Databases that hold many sessions, one in each row of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from parsers.base import Document, Match, Output, Sample, Thread
from parsers.database import Database, reading
from parsers.transcript import Facts, Transcript, born, header


class ManySessions:
    """The format of a database that holds sessions. See `DocumentParser`.

    A format derives from it, names its `tool` and `schema`, tells in `marks` what sessions there are, and in `fill`
    what happened in one of them.
    """

    tool: str
    schema: str

    def recognises(self, sample: Sample) -> Match | None:
        raise NotImplementedError

    def cwd(self, path: Path) -> str:
        """Return the folder that all sessions of a database ran in, told by where it lies; else an empty string."""
        return ""

    def marks(self, database: Database) -> Iterator[tuple[str, str]]:
        """Yield the native id of each session, and what changes whenever it does. Blank ids are left out."""
        raise NotImplementedError

    def fill(self, database: Database, id: str, to: Transcript) -> None:
        """Say what stands in the database about session `id`. Raises ParseError when there is no such session."""
        raise NotImplementedError

    @contextmanager
    def open(self, path: Path) -> Iterator[Document]:
        with reading(path) as database:
            yield _Sessions(self, path, database)


class _Sessions:
    """An open database of sessions."""

    def __init__(self, format: ManySessions, path: Path, database: Database) -> None:
        self._format, self._path, self._database = format, path, database

    def threads(self) -> Mapping[str, str]:
        return {session: _digest(mark) for session, mark in self._format.marks(self._database) if session.strip()}

    def read(self, locator: str, out: Output) -> Thread:
        """Read a session; see `Document.read`."""
        tool, cwd = self._format.tool, self._format.cwd(self._path)
        facts = Facts(session_id=locator, born=born(self._path), cwd=cwd)
        self._format.fill(self._database, locator, Transcript(tool, self._format.schema, facts, out))
        return Thread(header(tool, facts, self._path))


def _digest(mark: str) -> str:
    return sha256(mark.encode("utf-8", "replace")).hexdigest()[:16]
