"""The whole way from a request for a preview to its answer."""

from __future__ import annotations

import sys

import msgspec
from msgspec import UNSET, Struct, UnsetType

from parsers.detect import Candidate
from parsers.hail import TOOL as HAIL
from parsers.registry import TOOLS
from sessions.preview import contained
from sessions.preview.errors import InvalidSource, ParseFailed
from sessions.preview.fetch import PUBLIC, Guard, fetch
from sessions.preview.source import Inline, Source, content, filename, location, normalised


class PreviewRequest(Struct, frozen=True):
    source: Source
    parser_hint: str | None = None


class Choice(Struct, frozen=True):
    """A parser that may fit, as the API names it."""

    id: str
    confidence: int
    reason: str


class Preview(Struct, frozen=True):
    """What the API answers. `session` is HAIL as JSON, already encoded."""

    parser_used: str
    parser_candidates: list[Choice]
    session: msgspec.Raw
    source: Source
    warnings: list[str]
    native_adapter: str | UnsetType = UNSET


def preview(request: PreviewRequest, guard: Guard = PUBLIC, most: int = sys.maxsize) -> Preview:
    """Look at the first `most` events of a session that lies elsewhere. Raises PreviewError."""
    hint = (request.parser_hint or "").strip()
    if hint and hint not in TOOLS:
        raise InvalidSource(f"unsupported parser_hint: {hint[:100]}")
    source = normalised(request.source)
    data = _data(source, guard)
    found = contained.parse(filename(source), data, hint, most)
    return Preview(
        parser_used=found.tool,
        parser_candidates=choices(found.candidates),
        session=msgspec.Raw(found.session),
        source=Inline(source.filename, "") if isinstance(source, Inline) else source,
        warnings=[*found.warnings, *_also(found.others)],
        native_adapter=UNSET if found.tool == HAIL else found.tool,
    )


def choices(candidates: tuple[Candidate, ...]) -> list[Choice]:
    return [Choice(*candidate) for candidate in candidates]


def _data(source: Source, guard: Guard) -> bytes:
    """Return the text of the file, in UTF-8. Raises PreviewError."""
    if not isinstance(source, Inline):
        return fetch(location(source), guard)
    data = content(source)
    try:
        data.decode()
    except UnicodeDecodeError:
        raise ParseFailed("The input is not text in UTF-8.") from None
    return data


def _also(others: int) -> list[str]:
    return [f"the file holds {others} more sessions; this is the one that went on longest"] if others else []
