"""Read and write HAIL, as lines (`.hail.jsonl`) and as one JSON document. What an object looks like: `wire`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import cast

from opensession.hail import wire
from opensession.hail.model import Event, Header, Session, Stats
from opensession.hail.stats import Tally

MISSING_HEADER = "MissingHeader"
UNEXPECTED_LINE_TYPE = "UnexpectedLineType"
JSON = "Json"


class HailError(Exception):
    """Text that is no HAIL. `kind` is one of the three constants above, `line` is 1-based."""

    def __init__(self, kind: str, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.kind, self.line = kind, line


def event_line(event: Event) -> bytes:
    """Return the line of `event`, with its line break."""
    return wire.encode_event(event) + b"\n"


def header_line(header: Header) -> bytes:
    """Return the first line of a session, with its line break."""
    return wire.encode_header(header) + b"\n"


def stats_line(stats: Stats) -> bytes:
    """Return the last line of a session, with its line break."""
    return wire.encode_stats(stats) + b"\n"


def write(header: Header, events: Iterable[Event]) -> Iterator[bytes]:
    """Yield the lines of a session; the stats are counted on the way."""
    yield header_line(header)
    tally = Tally()
    for each in events:
        tally.add(each)
        yield event_line(each)
    yield stats_line(tally.stats())


def dumps(session: Session) -> bytes:
    """Return a session as lines, with its stats as they are."""
    return b"".join((header_line(session.header), *map(event_line, session.events), stats_line(session.stats)))


def read(lines: Iterable[bytes]) -> Iterator[wire.Value]:
    """Yield the header, every event, and last the stats: the last ones given, or counted when none were.

    Nothing is kept but the counts, so a session of any length can be read. Raises `HailError` where it goes wrong.
    """
    numbered = enumerate(lines, 1)
    yield _first(numbered)
    stats: Stats | None = None
    tally = Tally()
    for number, line in numbered:
        if not (text := _stripped(line)):
            continue
        value = _value(text, number)
        if isinstance(value, Event):
            tally.add(value)
            yield value
        elif isinstance(value, Stats):
            stats = value
    yield stats or tally.stats()


def loads(data: bytes) -> Session:
    """Return the session that these lines hold."""
    header, *events, stats = read(BytesIO(data))
    return Session(header=cast(Header, header), events=cast(tuple[Event, ...], tuple(events)), stats=cast(Stats, stats))


def event(line: bytes) -> Event:
    """Return the event of one line."""
    value = _value(_stripped(line), 1)
    if not isinstance(value, Event):
        raise HailError(UNEXPECTED_LINE_TYPE, 1, "expected an event")
    return value


def read_header(lines: Iterable[bytes]) -> Header:
    """Return the header and read nothing else."""
    return _first(enumerate(lines, 1))


def read_summary(lines: Iterable[bytes]) -> tuple[Header, Stats | None]:
    """Return the header, and the stats when the last line that is not empty holds valid ones."""
    numbered = enumerate(lines, 1)
    header, last = _first(numbered), b""
    for _, line in numbered:
        last = _stripped(line) or last
    try:
        value = wire.decode(last)
    except wire.FAULTS:
        return header, None
    return header, value if isinstance(value, Stats) else None


def to_json(session: Session) -> bytes:
    """Return a session as one JSON document."""
    return wire.encode_session(session)


def from_json(document: bytes) -> Session:
    """Return the session that one JSON document holds. Raises `HailError` of kind `Json`."""
    try:
        return wire.decode_session(document)
    except wire.FAULTS as error:
        raise HailError(JSON, 1, f"no HAIL document: {error}") from error


def _first(numbered: Iterator[tuple[int, bytes]]) -> Header:
    if (numbered_line := next(numbered, None)) is None:
        raise HailError(MISSING_HEADER, 1, "nothing to read")
    header = _value(_stripped(numbered_line[1]), 1)
    if not isinstance(header, Header):
        raise HailError(UNEXPECTED_LINE_TYPE, 1, "expected a header")
    return header


def _stripped(line: bytes) -> bytes:
    return line.removesuffix(b"\n").removesuffix(b"\r")


def _value(line: bytes, number: int) -> wire.Value:
    try:
        return wire.decode(line)
    except wire.FAULTS as error:
        raise HailError(JSON, number, f"no HAIL line: {error}") from error
