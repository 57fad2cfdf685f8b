"""How fast each parser reads its own corpus, on one core."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from benchmarks.table import Row
from parsers import find, recognise
from parsers.base import DocumentParser, LineParser, Output, ParseError, Sample
from parsers.registry import REGISTRY, parser_of
from parsers.strand import feed, open_log
from parsers.tool import Tool

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "files"
BAR = 40.0
"""MB per second and core."""

LEAST = 4 << 20
"""Bytes that are read per tool and round: small logs are read again and again."""

ROUNDS = 3


def throughput(quick: bool) -> Iterator[Row]:
    """Yield a row for each tool of which the corpus has logs."""
    logs = _by_tool()
    for tool in REGISTRY:
        if own := logs.get(tool.id):
            parser = parser_of(tool.id)
            measure = _document_speed if isinstance(parser, DocumentParser) else _line_speed
            speed = max(measure(tool, own, LEAST >> 3 if quick else LEAST) for _ in range(1 if quick else ROUNDS))
            yield _row(tool, own, speed, isinstance(parser, DocumentParser))


def _by_tool() -> dict[str, list[Path]]:
    """Return the files of the corpus by the tool that they are recognised as."""
    found: dict[str, list[Path]] = {}
    for path in sorted(CORPUS.rglob("*")):
        if path.is_file():
            candidates = recognise(Sample(path))
            if tool := candidates[0].tool if candidates else find(path):
                found.setdefault(tool, []).append(path)
    return found


def _row(tool: Tool, logs: list[Path], speed: float, is_document: bool) -> Row:
    kilobytes = sum(path.stat().st_size for path in logs) / 1e3
    what = f"parse {tool.id}: {len(logs)} files, {kilobytes:,.0f} kB" + (", documents" if is_document else "")
    # A document has a cost per file (opening, its database, what lies beside it) that a few kilobytes never pay off.
    bar = "–" if is_document else f"≥ {BAR:.0f} MB/s"
    return Row(what, f"{speed:,.1f} MB/s", bar, None if is_document else speed >= BAR)


def _line_speed(tool: Tool, logs: list[Path], least: int) -> float:
    """Return the speed of one reader for each log, its lines repeated."""
    parser = parser_of(tool.id)
    assert isinstance(parser, LineParser)
    size = seconds = 0.0
    each = least // len(logs)
    for path in logs:
        with open_log(path) as log:
            data = log.read()
        if not data.strip():
            continue
        data = (data if data.endswith(b"\n") else data + b"\n") * max(1, each // len(data))
        started = time.perf_counter()
        reader = parser.reader(path)
        out = Output()
        feed(reader, io.BytesIO(data), out)
        seconds += time.perf_counter() - started
        size += len(data)
    return size / 1e6 / seconds


def _document_speed(tool: Tool, logs: list[Path], least: int) -> float:
    """Return the speed of opening and reading each document, again and again."""
    parser = parser_of(tool.id)
    assert isinstance(parser, DocumentParser)
    total = sum(path.stat().st_size for path in logs)
    rounds = max(1, min(20, least // max(total, 1)))
    started = time.perf_counter()
    for _ in range(rounds):
        for path in logs:
            with suppress(ParseError), parser.open(path) as document:
                for locator in document.threads():
                    document.read(locator, Output())
    return total * rounds / 1e6 / (time.perf_counter() - started)
