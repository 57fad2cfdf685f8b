"""The agents that can go on from a handoff."""

from __future__ import annotations

from collections.abc import Mapping

from handoff.errors import Usage
from handoff.native import claude_code, codex
from handoff.native.model import Writer
from handoff.references import ALIASES

WRITERS: Mapping[str, Writer] = {"claude-code": claude_code.write, "codex": codex.write}


def writer(name: str) -> Writer:
    """Return what writes sessions of an agent. Raises Usage."""
    found = WRITERS.get(ALIASES.get(name, name))
    if found is None:
        raise Usage(f"--in {name}: no session can be written for it; name one of {', '.join(WRITERS)}")
    return found
