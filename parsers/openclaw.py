"""OpenClaw: the sessions of each of its agents in the format of pi, and an index of them (`spec/parsers.md` 2.18)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from parsers.base import Document, Match, Output, ParseError, Sample, Thread
from parsers.documents import load_object
from parsers.fields import mapping, text
from parsers.pi import PiFamily, is_of_family
from parsers.transcript import Facts

INDEX = "sessions.json"
CHECKPOINT = ".checkpoint."
HOMES = frozenset({".openclaw", "openclaw", ".clawdbot", ".moltbot"})
"""Folders, by all the names that it has had."""


class OpenClawParser:
    tool = "openclaw"

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by its own marks inside of a log of pi, else by the folder: the records are those of pi."""
        if sample.name == INDEX:
            is_index = bool(sample.keys) and all(_is_row(key, sample.document) for key in sample.keys)
            return Match(95, "the session index of OpenClaw") if is_index else None
        if not is_of_family(sample.records):
            return None
        if b'"openclaw' in sample.head:
            return Match(92, "the session header of pi, and marks of OpenClaw")
        is_there = not HOMES.isdisjoint(sample.path.parts)
        return Match(90, "the session header of pi, in a folder of OpenClaw") if is_there else None

    @contextmanager
    def open(self, path: Path) -> Iterator[Document]:
        if path.name == INDEX:
            yield _Index(path)
        else:
            with _Log().open(path) as document:
                yield document


class _Log(PiFamily):
    """The log of one session."""

    tool, schema = OpenClawParser.tool, "openclaw-jsonl-v1"

    def identify(self, path: Path, facts: Facts) -> None:
        """Take a checkpoint, the copy of a session before it was compacted, as apart from the session itself."""
        if CHECKPOINT in path.name:
            facts.session_id = path.stem
            facts.parent_session_id = path.name.partition(CHECKPOINT)[0]


def _is_row(key: str, index: Any) -> bool:
    return key.startswith("agent:") and bool(text(mapping(index, key), "sessionId"))


class _Index:
    """An open index: the sessions that it names, as far as their logs lie beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        names = (text(row, "sessionId") for row in load_object(path).values())
        logs = {name: path.parent / f"{name}.jsonl" for name in names if _is_name(name)}
        self._logs = {name: log for name, log in logs.items() if log.is_file()}

    def threads(self) -> Mapping[str, str]:
        return dict.fromkeys(self._logs, "")

    def read(self, locator: str, out: Output) -> Thread:
        """Read the log of a session; see `Document.read`."""
        try:
            with _Log().open(self._logs[locator]) as document:
                return document.read("", out)
        except OSError as error:
            raise ParseError(self._path, 0, f"names {locator}, whose log cannot be read: {error}") from error


def _is_name(name: str) -> bool:
    """Tell whether an id that stands in the index may be the name of a file: no path, no part of one."""
    return bool(name.strip(". ")) and len(name) < 200 and set(name).isdisjoint("/\\\0:")
