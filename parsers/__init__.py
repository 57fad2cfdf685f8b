"""From the logs of coding agents to HAIL.

A new parser touches three files: its own module here, its row in `registry.py`, and a fixture with its golden file in
`tests/fixtures/<tool>/`. See `docs/adding-a-parser.md`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from zstandard import ZstdError

from opensession.hail.model import Event, Header, Session
from opensession.hail.stats import count
from parsers.base import OF_SUBAGENT, Document, DocumentParser, LineParser, Output, ParseError, Sample
from parsers.detect import find, recognise
from parsers.merge import Strand, merged
from parsers.registry import REGISTRY, TOOLS, AnyParser, parser_of
from parsers.strand import fold, open_log, read_whole

__all__ = ["REGISTRY", "TOOLS", "ParseError", "find", "parse", "parser_of", "recognise", "sessions"]


class _Part(NamedTuple):
    """What was read of one thread."""

    header: Header
    strand: str
    events: Sequence[Event]


def parse(path: Path, tool: str | None = None) -> Session:
    """Return the session at `path` with its subagents merged in; of several the one that went on longest.

    The tool is found by the path, then by the content. Raises ParseError.
    """
    found = list(sessions(path, tool))
    if not found:
        raise ParseError(path, 0, "holds no session")
    return max(found, key=lambda session: session.header.context.updated_at)


def sessions(path: Path, tool: str | None = None, locator: str | None = None) -> Iterator[Session]:
    """Yield the sessions at `path`, only that with the native id `locator` if given. Raises ParseError."""
    try:
        yield from _sessions(path, _parser(path, tool), locator)
    except OSError as error:
        raise ParseError(path, 0, error.strerror or str(error)) from error
    except ZstdError as error:
        raise ParseError(path, 0, str(error)) from error


def _parser(path: Path, tool: str | None) -> AnyParser:
    if tool and tool not in TOOLS:
        raise ParseError(path, 0, f"no parser for {tool}; name one of {', '.join(TOOLS)}")
    name = tool or find(path)
    if not name:
        candidates = recognise(Sample(path))
        name = candidates[0].tool if candidates else None
    if not name:
        raise ParseError(path, 0, f"no parser knows such a file; name the tool, one of {', '.join(TOOLS)}")
    return parser_of(name)


def _sessions(path: Path, parser: AnyParser, locator: str | None) -> Iterator[Session]:
    if isinstance(parser, DocumentParser):
        with parser.open(path) as document:
            holds_one = "" in document.threads()
            parts = (_thread(document, each) for each in _wanted(path, document, None if holds_one else locator))
            for _, together in groupby(parts, key=lambda part: part.header.session_id):
                session = _session(*together)
                yield _checked(path, session, locator) if holds_one else session
    else:
        session = _session(*(_log(parser, log) for log in (path, *parser.companions(path))))
        yield _checked(path, session, locator)


def _checked(path: Path, session: Session, locator: str | None) -> Session:
    """Return the only session of a log if it may be that one. Raises ParseError."""
    if locator and locator != session.header.session_id:
        raise _no_session(path, locator, [session.header.session_id])
    return session


def _wanted(path: Path, document: Document, locator: str | None) -> list[str]:
    threads = document.threads()
    if not locator:
        return list(threads)
    found = [each for each in threads if each == locator or each.startswith(f"{locator}{OF_SUBAGENT}")]
    if not found:
        raise _no_session(path, locator, list(threads))
    return found


def _no_session(path: Path, locator: str, held: Sequence[str]) -> ParseError:
    return ParseError(path, 0, f"holds no session {locator}, only {', '.join(held[:20]) or 'none at all'}")


def _thread(document: Document, locator: str) -> _Part:
    out = Output()
    thread = document.read(locator, out)
    return _Part(thread.header, thread.strand, fold(out.events, out.amendments))


def _log(parser: LineParser, path: Path) -> _Part:
    reader = parser.reader(path)
    with open_log(path) as log:
        events, _ = read_whole(reader, log)
    return _Part(reader.header(), reader.strand(), events)


def _session(main: _Part, *subagents: _Part) -> Session:
    strands = [_strand(part) for part in subagents if part.events]
    every = tuple(merged(main.events, strands)) if strands else tuple(main.events)
    return Session(header=main.header, events=every, stats=count(every))


def _strand(part: _Part) -> Strand:
    return Strand(
        key=part.strand,
        title=part.header.context.title or "",
        model=part.header.agent.model,
        count=len(part.events),
        first=part.events[0].timestamp,
        last=part.events[-1].timestamp,
        events=part.events,
    )
