"""The law of growing logs: cut at any line and resumed, a log gives the same strand as read whole."""

from __future__ import annotations

import random
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from opensession.hail.model import Event, Header
from opensession.hail.stats import Tally
from parsers import REGISTRY, parser_of
from parsers.base import Amendment, LineParser, Output
from parsers.strand import feed, fold, open_log
from tests.parsers.logs import corpus, fixtures

LINE_PARSERS = [parser for tool in REGISTRY if isinstance(parser := parser_of(tool.id), LineParser)]
CUTS = 3
MAX_BYTES = 400_000


class Strand(NamedTuple):
    events: list[Event]
    closings: list[Event]
    header: Header
    key: str
    tally: Tally
    skipped: dict[str, int]


def read(parser: LineParser, path: Path, pieces: list[bytes]) -> Strand:
    """Read the pieces one after the other, every time with a new reader that only knows the stored state."""
    events: list[Event] = []
    amendments: list[Amendment] = []
    tally, skipped, seen = Tally(), dict[str, int](), set[int]()
    reader = parser.reader(path)
    for piece in pieces:
        reader = _resumed(parser, path, reader.state)
        out = Output(len(events), seen)
        feed(reader, BytesIO(piece), out)
        events += out.events
        amendments += out.amendments
        _count(tally, out)
        for kind, count in out.skipped.items():
            skipped[kind] = skipped.get(kind, 0) + count
    return Strand(fold(events, amendments), list(reader.closings()), reader.header(), reader.strand(), tally, skipped)


def _resumed(parser: LineParser, path: Path, state: Any) -> Any:
    reader = parser.reader(path)
    reader.state = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=type(state))
    return reader


def _count(tally: Tally, out: Output) -> None:
    for event in out.events:
        tally.add(event)
    for amendment in out.amendments:
        tally.amend(amendment.totals)


def _cuts(data: bytes, chance: random.Random) -> list[int]:
    """Return places behind a line break: every one of a short log, some of a long one."""
    ends = [at + 1 for at, byte in enumerate(data) if byte == 10][:-1]
    return ends if len(ends) <= CUTS * 4 else sorted(chance.sample(ends, CUTS))


def _check(parser: LineParser, path: Path) -> None:
    with open_log(path) as log:
        data = log.read()[:MAX_BYTES]
    data = data[: data.rfind(b"\n") + 1]
    whole = read(parser, path, [data])
    cuts = _cuts(data, random.Random(path.name))
    for cut in cuts:
        assert read(parser, path, [data[:cut], data[cut:]]) == whole, f"{path.name} cut at {cut}"
    bounds = [0, *cuts, len(data)]
    pieces = [data[start:end] for start, end in pairwise(bounds)]
    assert read(parser, path, pieces) == whole, f"{path.name} cut at {cuts}"


@pytest.mark.parametrize("parser", LINE_PARSERS, ids=lambda parser: str(parser.tool))
def test_it_resumes_every_fixture_at_any_line(parser: LineParser) -> None:
    for path in fixtures(parser.tool):
        _check(parser, path)


@pytest.mark.parametrize("parser", LINE_PARSERS, ids=lambda parser: str(parser.tool))
def test_it_resumes_real_logs(parser: LineParser) -> None:
    for path in corpus(parser.tool):
        _check(parser, path)


@pytest.mark.parametrize("parser", LINE_PARSERS, ids=lambda parser: str(parser.tool))
def test_it_counts_the_same_as_a_fresh_count_of_the_folded_events(parser: LineParser) -> None:
    for path in corpus(parser.tool)[::5]:
        with open_log(path) as log:
            strand = read(parser, path, [log.read()])
        fresh = Tally()
        for event in strand.events:
            fresh.add(event)
        assert strand.tally.stats() == fresh.stats(), path
        assert bool(strand.tally.has_errors) == bool(fresh.has_errors), path
