"""The beginning of a file, looked at in the ways that tell formats apart."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import zstandard

from parsers import database
from parsers.lines import salvage

HEAD = 1 << 20
"""Bytes that are looked at."""

MAX_DOCUMENT = 64 << 20
"""Bytes of a document that is read whole. The largest seen in real use is 20 MB."""

LOOKED_AT = 64
"""Lines."""


class Match(NamedTuple):
    """That a file looks like a format: `confidence` is 1 to 100, `reason` says what was seen, for people."""

    confidence: int
    reason: str


class Sample:
    """A file to be recognised. Each view of it is made once, when first asked for. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name

    @cached_property
    def head(self) -> bytes:
        """The first bytes, unpacked if need be."""
        with self.path.open("rb") as file:
            if self.path.suffix in (".zst", ".zstd"):
                return zstandard.ZstdDecompressor().stream_reader(file).read(HEAD)
            return file.read(HEAD)

    @cached_property
    def text(self) -> str:
        return self.head.decode("utf-8", "replace").removeprefix("\ufeff")

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        """The JSON objects that stand in the first lines; none where a line holds something else."""
        lines = [line for line in self.head.split(b"\n")[:LOOKED_AT] if line.strip(b"\0 \t\r")]
        found = [value for line in lines for value in salvage(line) if isinstance(value, dict)]
        return found if len(found) * 2 >= len(lines) else []

    @cached_property
    def document(self) -> Any:
        """The JSON value that the whole file is; None when it is none."""
        if self.head[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
            return None
        try:
            data = self.path.read_bytes() if self.path.stat().st_size <= MAX_DOCUMENT else b""
            return msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            values = salvage(data)
            return values[0] if len(values) == 1 else None

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of the JSON object that the whole file is; none when it is none."""
        return frozenset(self.document) if isinstance(self.document, dict) else frozenset()

    @cached_property
    def tables(self) -> frozenset[str]:
        """The names of the tables, when this is an SQLite database."""
        return database.tables(self.path) if self.head.startswith(b"SQLite format 3\0") else frozenset()

    def columns(self, table: str) -> frozenset[str]:
        """Return the columns of a table, when this is an SQLite database that has it."""
        return database.columns(self.path, table) if table in self.tables else frozenset()
