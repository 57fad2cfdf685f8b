"""HAIL itself as a source: lines (`.hail.jsonl`) or one JSON document. The session keeps what it says of itself, its
agent too; only its counts are made again. Such files are not looked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from msgspec.structs import replace

from opensession.hail import jsonl, wire
from opensession.hail.model import Event, Header, Stats
from parsers.base import Match, Output, ParseError, Sample, Thread
from parsers.documents import load
from parsers.fields import mapping, text
from parsers.lines import complete

TOOL = "hail"


class HailParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the version that a header has."""
        first = sample.records[0] if sample.records else sample.document
        if not text(first, "version").startswith("hail-") or not mapping(first, "agent"):
            return None
        return Match(100, f"a session in {text(first, 'version')}")

    @contextmanager
    def open(self, path: Path) -> Iterator[_Hail]:
        yield _Hail(path)


class _Hail:
    """An open session."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def threads(self) -> Mapping[str, str]:
        return {"": ""}

    def read(self, locator: str, out: Output) -> Thread:
        """Read the session; see `Document.read`."""
        with self._path.open("rb") as file:
            header = self._lines(file, out)
        return Thread(self._named(header or self._document(out)))

    def _lines(self, file: BinaryIO, out: Output) -> Header | None:
        """Read the lines of a session, however many; return None when these are no such lines."""
        lines = (line for line, _ in complete(file))
        header = _decoded(next(lines, None))
        if not isinstance(header, Header):
            return None
        _count(header, out)
        for line in lines:
            if line is None or line.strip():
                _count(_decoded(line), out)
        return header

    def _document(self, out: Output) -> Header:
        try:
            session = jsonl.from_json(load(self._path).removeprefix(b"\xef\xbb\xbf"))
        except jsonl.HailError as error:
            raise ParseError(self._path, 0, f"is no HAIL: {error}") from error
        for value in (session.header, *session.events, session.stats):
            _count(value, out)
        return session.header

    def _named(self, header: Header) -> Header:
        return (
            header if header.session_id.strip() else replace(header, session_id=self._path.stem.removesuffix(".hail"))
        )


def _decoded(line: bytes | None) -> wire.Value | None:
    try:
        return wire.decode(line.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r")) if line else None
    except wire.FAULTS:
        return None


def _count(value: object, out: Output) -> None:
    """Count a line, and emit the event that it is."""
    kind = next((name for name, made in _KINDS.items() if isinstance(value, made)), "bad line")
    out.record(kind)
    if isinstance(value, Event):
        out.emit(value)
    else:
        (out.skip if value is None else out.ignore)(kind)


_KINDS: Mapping[str, type[Any]] = {"header": Header, "event": Event, "stats": Stats}
