"""Codex: a rollout file per session, one JSON object per line (`spec/parsers.md` 2.2).

Nothing but the log is read. Model and provider are what the log says, never the configuration of whoever reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from parsers.codex.reader import CodexReader
from parsers.codex.records import Record, decode
from parsers.codex.session import TOOL

__all__ = ["CodexParser", "CodexReader"]

SUFFIXES = (".jsonl", ".jsonl.zst")
FOLDERS = ("codex/sessions/", "codex/archived_sessions/")
ENVELOPES = frozenset({"event_msg", "response_item", "session_meta", "turn_context"})
LOOKED_AT = 32
"""Lines."""


class CodexParser:
    tool = TOOL
    version = 1

    def claims(self, path: str) -> bool:
        return path.endswith(SUFFIXES) and any(folder in path for folder in FOLDERS)

    def recognises(self, head: bytes) -> bool:
        """Tell by the envelope, or by what the first line of an early rollout holds."""
        lines = [line for line in head.split(b"\n")[:LOOKED_AT] if line.strip()]
        return any(_is_ours(record) for line in lines for record in decode(line))

    def reader(self, path: Path) -> CodexReader:
        return CodexReader(path)

    def companions(self, path: Path) -> Sequence[Path]:
        """Return nothing: a subagent has a rollout and a session of its own."""
        return ()


def _is_ours(record: Record) -> bool:
    if record.type is None:
        return record.record_type == "state" or {"id", "timestamp", "instructions"} <= record.line().keys()
    return record.type in ENVELOPES and record.payload is not None
