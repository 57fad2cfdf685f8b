"""Tell whose log a file is: by where it lies, then by what it holds (`spec/parsers.md` 1.1 and 1.11)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from parsers.registry import REGISTRY, parser_of
from parsers.sample import Sample


class Candidate(NamedTuple):
    """A tool that may have written a file: how surely (1 to 100), and the reason, for people."""

    tool: str
    confidence: int
    reason: str


def find(path: Path | str) -> str | None:
    """Return the tool that writes such a path, wherever the home directory may lie."""
    text = str(path).replace("\\", "/")
    return next((tool.id for tool in REGISTRY if any(place.claims(text) for place in tool.places)), None)


def recognise(sample: Sample) -> list[Candidate]:
    """Return whose log a file may be by its content alone, the surest first. Raises OSError."""
    found = [
        Candidate(tool.id, match.confidence, match.reason)
        for tool in REGISTRY
        if (match := parser_of(tool.id).recognises(sample))
    ]
    return sorted(found, key=lambda candidate: (-candidate.confidence, candidate.tool))
