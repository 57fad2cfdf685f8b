"""Documents that hold one thread: a file, or a file with others beside it, that is read whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opensession.hail import times
from parsers.base import Match, Output, ParseError, Sample, Thread
from parsers.fields import decoded
from parsers.jsonlines import objects
from parsers.lines import complete
from parsers.sample import MAX_DOCUMENT
from parsers.transcript import At, Facts, Transcript, born, header

_MOST_ARE_SMALLER = 1 << 18
"""Bytes. Python sets aside as many as a file is asked for, which costs more than reading a small document."""


class OneThread:
    """The format of a document that holds one session. See `DocumentParser`.

    A format derives from it, names its `tool` and `schema`, and says in `fill` what the document means.
    """

    tool: str
    schema: str

    def recognises(self, sample: Sample) -> Match | None:
        raise NotImplementedError

    def fill(self, path: Path, to: Transcript) -> None:
        """Say what stands in the document at `path`: its facts, its records, its events. Raises ParseError."""
        raise NotImplementedError

    @contextmanager
    def open(self, path: Path) -> Iterator[_Only]:
        yield _Only(self, path)


class _Only:
    """An open document of one thread."""

    def __init__(self, format: OneThread, path: Path) -> None:
        self._format, self._path = format, path

    def threads(self) -> Mapping[str, str]:
        return {"": ""}

    def read(self, locator: str, out: Output) -> Thread:
        """Read the thread; see `Document.read`."""
        facts = Facts(born=born(self._path))
        self._format.fill(self._path, Transcript(self._format.tool, self._format.schema, facts, out))
        return Thread(header(self._format.tool, facts, self._path))


def load(path: Path) -> bytes:
    """Return the bytes of a document. Raises ParseError when it is too large to be read whole, or OSError."""
    with path.open("rb") as file:
        data = file.read(_MOST_ARE_SMALLER)
        if len(data) == _MOST_ARE_SMALLER:
            data += file.read(MAX_DOCUMENT + 1 - len(data))
    if len(data) > MAX_DOCUMENT:
        raise ParseError(path, 0, f"is larger than {MAX_DOCUMENT >> 20} MiB, too large for a document")
    return data


def load_text(path: Path) -> str:
    """Return the text of a document, without a byte order mark; see `load`."""
    return load(path).decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")


def load_json(path: Path) -> Any:
    """Return the JSON value that a document is. Raises ParseError when it is none (it may be half-written)."""
    return json_in(load(path), path)


def json_in(data: bytes, path: Path) -> Any:
    """Return the JSON value that the data of a document is; see `load_json`."""
    if (value := decoded(data)) is None:
        raise ParseError(path, 0, "is no JSON; if the agent is writing it just now, read it again")
    return value


def load_object(path: Path) -> dict[str, Any]:
    """Return the JSON object that a document is. Raises ParseError."""
    if not isinstance(value := load_json(path), dict):
        raise ParseError(path, 0, "is JSON, but no object")
    return value


def load_lines(path: Path, out: Output) -> Iterator[dict[str, Any]]:
    """Yield the objects of a document that holds one per line; see `objects_in`."""
    return objects_in(load(path), out)


def objects_in(data: bytes, out: Output) -> Iterator[dict[str, Any]]:
    """Yield the objects of lines. A broken line is counted, one being written is not."""
    *lines, last = data.split(b"\n")
    for line in lines:
        found = objects(line)
        yield from found
        if not found and line.strip(b"\0 \t\r"):
            out.record("bad line")
            out.skip("bad line")
    yield from objects(last)


def stream_lines(path: Path, out: Output) -> Iterator[dict[str, Any]]:
    """Yield the objects of a document as `load_lines` does, of one that is too large to be held as a whole."""
    with path.open("rb") as log:
        for line, _ in complete(log):
            found = objects(line) if line is not None else []
            yield from found
            if not found and (line is None or line.strip(b"\0 \t\r")):
                out.record("bad line")
                out.skip("bad line")


def spread(start: str, end: str, count: int) -> Iterator[At]:
    """Yield `count` times from the start of a session to its end, for messages that have none of their own."""
    first, last = (int(times.instant(time).timestamp() * 1000) if time else 0 for time in (start, end))
    step = max(0, last - first) / max(1, count - 1)
    for place in range(count):
        yield At(time=times.from_ms(int(first + step * place)) if start else "", marks={"timestamp.estimated": True})


def beside(path: Path, *names: str) -> Any:
    """Return the JSON of the first of the files beside `path` that can be read; None when none can."""
    for name in names:
        try:
            if (value := decoded(load(path.parent / name))) is not None:
                return value
        except (OSError, ParseError):
            continue
    return None
