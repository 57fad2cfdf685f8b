"""From the logs of coding agents to HAIL.

A new parser touches: its own file or package here, `PARSERS` below, `discover.py` (where its logs lie),
`toolcalls.py` (what its tools do), `tests/parsers/` with fixtures in `tests/fixtures/<tool>/`, and `README.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from zstandard import ZstdError

from opensession.hail.model import Session
from opensession.hail.stats import count
from parsers.base import ParseError, Parser
from parsers.claude_code import ClaudeCodeParser
from parsers.codex import CodexParser
from parsers.lines import CHUNK
from parsers.merge import Strand, merged
from parsers.strand import open_log, read_whole

__all__ = ["PARSERS", "TOOLS", "ParseError", "find", "parse", "sniff"]

PARSERS: tuple[Parser, ...] = (CodexParser(), ClaudeCodeParser())
"""The first claim wins, so the least specific rule stands last."""

TOOLS: Mapping[str, Parser] = {parser.tool: parser for parser in PARSERS}


def find(path: Path | str) -> Parser | None:
    """Return the parser whose agent writes such a path."""
    return next((parser for parser in PARSERS if parser.claims(Path(path).as_posix())), None)


def sniff(head: bytes) -> Parser | None:
    """Return the parser whose format the first bytes of a file look like. Paths lie, so this is the second question."""
    return next((parser for parser in PARSERS if parser.recognises(head)), None)


def parse(path: Path, tool: str | None = None) -> Session:
    """Return the session at `path` with its subagents merged in. Raises ParseError."""
    try:
        parser = TOOLS.get(tool) if tool else find(path) or sniff(_head(path))
        if parser is None:
            raise ParseError(path, 0, f"no parser for {tool or 'such a file'}; name one of {', '.join(TOOLS)}")
        return _session(parser, path)
    except OSError as error:
        raise ParseError(path, 0, error.strerror or str(error)) from error
    except ZstdError as error:
        raise ParseError(path, 0, str(error)) from error


def _session(parser: Parser, path: Path) -> Session:
    reader = parser.reader(path)
    with open_log(path) as log:
        events, _ = read_whole(reader, log)
    strands = [strand for log in parser.companions(path) if (strand := _strand(parser, log)).count]
    every = tuple(merged(events, strands)) if strands else tuple(events)
    return Session(header=reader.header(), events=every, stats=count(every))


def _strand(parser: Parser, path: Path) -> Strand:
    reader = parser.reader(path)
    with open_log(path) as log:
        events, _ = read_whole(reader, log)
    header = reader.header()
    return Strand(
        key=reader.strand(),
        title=header.context.title or "",
        model=header.agent.model,
        count=len(events),
        first=events[0].timestamp if events else "",
        last=events[-1].timestamp if events else "",
        events=events,
    )


def _head(path: Path) -> bytes:
    with open_log(path) as log:
        return log.read(CHUNK)
