"""How fast each parser reads its own corpus, on one core.

Every log is read as it is, from opening it to its last event, again and again. What it weighs is the bytes of all files
that its parser opens, since one session may lie in many. In logs of a kilobyte or two that measures little else than
the opening of files, so a tool of which the corpus has small logs only is judged by logs with more of the same records
(`lengthened`); records that give no more events when they repeat are left out of that. Seconds are those of the
processor, and the best of some rounds count: others may use the machine too.
"""

from __future__ import annotations

import io
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import lengthened
from benchmarks.table import Row
from parsers import find, recognise
from parsers.base import DocumentParser, LineParser, Output, ParseError, Sample
from parsers.registry import REGISTRY, AnyParser, parser_of
from parsers.strand import feed, open_log

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "files"
BAR = 40.0
"""MB per second and core."""

SMALL = 16_000
"""Bytes of a log on average. Below that, opening it costs as much as reading it."""

LONG = 100_000
"""Bytes of a lengthened log on average. All logs of a tool are lengthened alike, so the mix of them stays."""

LEAST = 1 << 20
"""Bytes that are read per tool and round: small logs are read again and again."""

ROUNDS = 7

TREE = 8
"""Files of a log from which on opening them sets the limit: OpenCode gave a file to each part of a message."""


class Log(NamedTuple):
    """A log of the corpus: its files and their bytes, and how it is read, which returns the number of its events."""

    path: Path
    files: int
    size: int
    read: Callable[[], int]


class Speed(NamedTuple):
    """Megabytes per second, and microseconds per event."""

    rate: float
    each: float

    def __str__(self) -> str:
        return f"{self.rate:,.1f} MB/s, {self.each:,.1f} µs per event"


def throughput(work: Path, quick: bool) -> Iterator[Row]:
    """Yield a row for each tool of which the corpus has logs."""
    paths = _by_tool()
    for tool in REGISTRY:
        if own := paths.get(tool.id):
            parser = parser_of(tool.id)
            logs = [_log(parser, path) for path in own]
            longer = _lengthened(parser, logs, work / tool.id) if _size(logs) < SMALL * len(logs) else []
            least, rounds = (LEAST >> 3, 1) if quick else (LEAST, ROUNDS)
            steady = _speed(longer, least, rounds) if longer else None
            yield _row(tool.id, logs, _speed(logs, least, rounds), steady)


def _size(logs: Sequence[Log]) -> int:
    return sum(log.size for log in logs)


def _lengthened(parser: AnyParser, logs: Sequence[Log], folder: Path) -> list[Log]:
    times = max(2, LONG * len(logs) // _size(logs))
    return [long for log in logs if (long := _longer(parser, log, times, folder))]


def _by_tool() -> dict[str, list[Path]]:
    """Return the files of the corpus by the tool that they are recognised as."""
    found: dict[str, list[Path]] = {}
    for path in sorted(CORPUS.rglob("*")):
        if path.is_file():
            candidates = recognise(Sample(path))
            if tool := candidates[0].tool if candidates else find(path):
                found.setdefault(tool, []).append(path)
    return found


def _row(tool: str, logs: Sequence[Log], speed: Speed, steady: Speed | None) -> Row:
    container = _container(logs)
    measured = f"{speed}; lengthened {steady}" if steady else str(speed)
    what = f"parse {tool}: {len(logs)} logs of {_size(logs) / len(logs) / 1e3:,.1f} kB"
    if container:
        return Row(f"{what}, {container}", measured, f"– ({container} sets the limit)")
    return Row(what, measured, f"≥ {BAR:.0f} MB/s", (steady or speed).rate >= BAR)


def _container(logs: Sequence[Log]) -> str:
    """Return what most of the bytes lie in, where that is neither a JSON file nor lines of it."""
    sizes = Counter[str]()
    for log in logs:
        sizes[_container_of(log)] += log.size
    return max(sizes, key=lambda name: sizes[name])


def _container_of(log: Log) -> str:
    with log.path.open("rb") as file:
        if file.read(16) == b"SQLite format 3\0":
            return "SQLite"
    return "Markdown" if log.path.suffix == ".md" else "a tree of files" if log.files >= TREE else ""


def _speed(logs: Sequence[Log], least: int, rounds: int) -> Speed:
    """Return the best speed of several rounds."""
    size = _size(logs)
    times = max(1, least // size)
    seconds, events = min(_timed(logs, times) for _ in range(rounds))
    return Speed(size * times / 1e6 / seconds, seconds * 1e6 / max(events, 1))


def _timed(logs: Sequence[Log], times: int) -> tuple[float, int]:
    started = time.process_time()
    events = sum(log.read() for _ in range(times) for log in logs)
    return time.process_time() - started, events


def _log(parser: AnyParser, path: Path) -> Log:
    if isinstance(parser, LineParser):
        return Log(path, 1, path.stat().st_size, lambda: _read_lines(parser, path))
    opened = _Opened(path)
    with opened:
        _read_document(parser, path)
    return Log(path, *opened.weighed(), lambda: _read_document(parser, path))


def _longer(parser: AnyParser, log: Log, times: int, folder: Path) -> Log | None:
    """Return a log with more of the same records; None where they give no more events."""
    if isinstance(parser, LineParser):
        with open_log(log.path) as file:
            data = lengthened.lines(file.read(), times)
        long = Log(log.path, 1, len(data), lambda: _feed(parser, log.path, io.BytesIO(data)))
    elif copy := lengthened.document(log.path, times, folder):
        long = _log(parser, copy)
    else:
        return None
    return long if long.read() >= times * log.read() * 0.9 > 0 else None


def _read_lines(parser: LineParser, path: Path) -> int:
    with open_log(path) as log:
        return _feed(parser, path, log)


def _feed(parser: LineParser, path: Path, log: Any) -> int:
    out = Output()
    feed(parser.reader(path), log, out)
    return len(out.events)


def _read_document(parser: DocumentParser, path: Path) -> int:
    events = 0
    with suppress(ParseError), parser.open(path) as document:
        for locator in document.threads():
            out = Output()
            document.read(locator, out)
            events += len(out.events)
    return events


class _Opened:
    """Hears which files are opened, while entered."""

    _heard: set[str] | None = None
    _hears = False

    def __init__(self, path: Path) -> None:
        self._files = {str(path)}

    def __enter__(self) -> None:
        if not _Opened._hears:
            sys.addaudithook(_Opened._hear)
            _Opened._hears = True
        _Opened._heard = self._files

    def __exit__(self, *raised: object) -> None:
        _Opened._heard = None

    @staticmethod
    def _hear(event: str, arguments: Any) -> None:
        if event == "open" and _Opened._heard is not None and isinstance(arguments[0], str):
            _Opened._heard.add(arguments[0])

    def weighed(self) -> tuple[int, int]:
        """Return how many files those are, and their bytes."""
        sizes = [Path(file).stat().st_size for file in self._files if Path(file).is_file()]
        return len(sizes), sum(sizes)
