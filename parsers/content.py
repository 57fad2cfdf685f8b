"""Read a session from its bytes alone, for upload and preview (`spec/parsers.md` 1.11).

Nothing beside the bytes is read: they lie by themselves in a new folder, which is removed afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from msgspec.structs import replace

from opensession.hail.model import Session
from parsers import ParseError, sessions
from parsers.detect import Candidate, recognise
from parsers.hail import TOOL as HAIL
from parsers.registry import TOOLS
from parsers.sample import MAX_DOCUMENT, Sample
from parsers.signals import promised

MAX_NAME = 80
"""Characters of a file's name that are kept, its end."""

_DEPTH = "a/b/c/d/e"
"""Some formats look for side files some folders above: these are empty too."""


class Read(NamedTuple):
    """What was read: the newest session, the HAIL ids of others that are there too, and how it was found out.

    `tool` is the parser that did it, `warnings` are the attempts that failed before.
    """

    session: Session
    others: tuple[str, ...]
    tool: str
    candidates: tuple[Candidate, ...]
    warnings: tuple[str, ...]


class Refused(Exception):
    """The bytes were not read as a session. `candidates` are the tools that they may come from."""

    def __init__(self, reason: str, candidates: tuple[Candidate, ...] = ()) -> None:
        super().__init__(reason)
        self.reason, self.candidates = reason, candidates


class InvalidHint(Refused):
    """The caller named a parser that does not exist."""


class SelectionRequired(Refused):
    """Several parsers may fit and none did by itself: the caller should choose one of the candidates."""


def read(name: str, data: bytes, hint: str = "") -> Read:
    """Return the session that `data` holds. `name` is what the sender calls the file, `hint` the parser to try first.

    Raises InvalidHint, SelectionRequired, or Refused.
    """
    hint = hint.strip()
    if hint and hint not in TOOLS:
        raise InvalidHint(f"unsupported parser_hint: {hint}; it is one of {', '.join(TOOLS)}")
    if len(data) > MAX_DOCUMENT:
        raise Refused(f"is larger than {MAX_DOCUMENT >> 20} MiB")
    with TemporaryDirectory(prefix="opensession-ingest-") as folder:
        path = Path(folder) / _DEPTH / safe_name(name)
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
        return _read(path, hint, promised(name, data.decode("utf-8", "replace")))


def safe_name(name: str) -> str:
    """Return a file's name without folders and odd characters."""
    base = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[^A-Za-z0-9._-]", "", base).lstrip(".")[-MAX_NAME:] or "session.txt"


def _read(path: Path, hint: str, promised: Sequence[Candidate]) -> Read:
    recognised = recognise(Sample(path))
    candidates = _ranked(promised, recognised)
    # Who knows the format goes first: words in a log of one tool are often those of another.
    ordered = [*([hint] if hint else []), *(each.tool for each in (*recognised, *candidates))]
    warnings: list[str] = []
    for tool in dict.fromkeys(ordered):
        try:
            session, others = _newest(path, tool)
        except ParseError as error:
            named = f"parser_hint '{tool}'" if tool == hint else f"parser '{tool}'"
            warnings.append(f"{named} failed: {error.reason}")
        else:
            return Read(_anonymous(session, path.name), others, tool, candidates, tuple(warnings))
    raise _refusal(candidates, warnings, hint)


def _ranked(promised: Sequence[Candidate], recognised: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the candidates of both kinds, a promised one in place of the same tool as it was recognised."""
    by_tool = {each.tool: each for each in (*recognised, *promised)}
    return tuple(sorted(by_tool.values(), key=lambda each: (-each.confidence, each.tool)))


def _newest(path: Path, tool: str) -> tuple[Session, tuple[str, ...]]:
    """Return the session that went on longest, and the ids of the others. Holds two sessions at a time at most."""
    newest: Session | None = None
    ids: list[str] = []
    for session in sessions(path, tool):
        ids.append(session.header.session_id)
        if newest is None or session.header.context.updated_at >= newest.header.context.updated_at:
            newest = session
    # A header of HAIL is a session, if an empty one; elsewhere, no event means that the parser read nothing it knows.
    if newest is None or not (newest.events or tool == HAIL):
        raise ParseError(path, 0, "there is no event in it")
    return newest, tuple(other for other in ids if other != newest.header.session_id)


def _anonymous(session: Session, name: str) -> Session:
    """Return the session with the sender's file name in place of ours."""
    context = session.header.context
    if "source_path" not in context.attributes:
        return session
    context = replace(context, attributes=context.attributes | {"source_path": name})
    return replace(session, header=replace(session.header, context=context))


def _refusal(candidates: tuple[Candidate, ...], warnings: list[str], hint: str) -> Refused:
    tried = "; ".join(warnings)
    if len(candidates) > 1 or (candidates and hint):
        return SelectionRequired(f"auto-detection failed; choose a parser and retry ({tried})", candidates)
    if candidates or hint:
        return Refused(f"all parser attempts failed ({tried})", candidates)
    return Refused("no parser candidate matched the input; it is no log of a known agent, or cut off at its start")
