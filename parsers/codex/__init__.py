"""Codex: a rollout file per session, one JSON object per line (`spec/parsers.md` 2.2).

Nothing but the log is read. Model and provider are what the log says, never the configuration of whoever reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from parsers.base import Match, Sample
from parsers.codex.reader import CodexReader
from parsers.codex.records import Record, decode
from parsers.codex.session import TOOL

__all__ = ["CodexParser", "CodexReader"]

ENVELOPES = frozenset({"compacted", "event_msg", "response_item", "session_meta", "turn_context", "world_state"})
LOOKED_AT = 32
"""Lines."""


class CodexParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the envelope, or by what the first line of an early rollout holds."""
        lines = [line for line in sample.head.split(b"\n")[:LOOKED_AT] if line.strip()]
        found = any(_is_ours(record) for line in lines for record in decode(line))
        return Match(90, "records in the envelope of Codex") if found else None

    def reader(self, path: Path) -> CodexReader:
        return CodexReader(path)

    def companions(self, path: Path) -> Sequence[Path]:
        """Return nothing: a subagent has a rollout and a session of its own."""
        return ()


def _is_ours(record: Record) -> bool:
    if record.type is None:
        return record.record_type == "state" or {"id", "timestamp", "instructions"} <= record.line().keys()
    return isinstance(record.type, str) and record.type in ENVELOPES and record.payload is not None
