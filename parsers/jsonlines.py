"""A reader for logs of one JSON object per line, which leaves to a format what its records mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from opensession.hail.model import Event, Header
from parsers.base import MAIN, Output
from parsers.lines import salvage
from parsers.transcript import Facts, Transcript, born, header

_decode = msgspec.json.Decoder().decode


class JsonLinesReader:
    """Reads a log whose state is `Facts`, or a subclass of it with more fields.

    A format derives from it, names its `tool` and `schema`, and says in `take` what a record means. What `take` must
    remember from one line to the next belongs into `state`, and nowhere else.
    """

    tool: str
    schema: str
    state: Any

    def __init__(self, path: Path) -> None:
        self.path = path
        self.state = self.begin()
        self.state.born = born(path)

    def begin(self) -> Facts:
        """Return the state at the start of a log."""
        return Facts()

    def kind(self, record: dict[str, Any]) -> str:
        """Return what the source calls such a record."""
        kind = record.get("type")
        return kind if isinstance(kind, str) and kind else "no type"

    def take(self, record: dict[str, Any], kind: str, to: Transcript) -> None:
        """Say what a record means. One that is not understood is counted with `to.out.skip(kind)`."""
        raise NotImplementedError

    def read(self, line: bytes, out: Output) -> None:
        """Read one line; see `Reader.read`."""
        records = objects(line)
        for record in records:
            kind = self.kind(record)
            out.record(kind, record)
            self.take(record, kind, Transcript(self.tool, self.schema, self.state, out))
        if not records and line.strip(b"\0 \t\r"):
            out.record("bad line")
            out.skip("bad line")

    def strand(self) -> str:
        return MAIN

    def header(self) -> Header:
        """Return what is known so far; see `Reader.header`."""
        return header(self.tool, self.state, self.path)

    def closings(self) -> Sequence[Event]:
        return ()


def objects(line: bytes) -> list[dict[str, Any]]:
    """Return the objects of one line: one as a rule, two when a crash glued lines together, none when it is broken."""
    try:
        value = _decode(line)
        return [value] if isinstance(value, dict) else []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [value for value in salvage(line) if isinstance(value, dict)]
