"""Claude Code: one JSON object per line, a file per session and one per subagent (`spec/parsers.md` 2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from parsers.base import Match, Sample
from parsers.claude_code import files
from parsers.claude_code.reader import TOOL, ClaudeCodeReader
from parsers.claude_code.records import Line, decode

__all__ = ["ClaudeCodeParser", "ClaudeCodeReader"]

TELLING = frozenset({"file-history-snapshot", "queue-operation", "permission-mode", "last-prompt", "ai-title"})
"""Record types that no other agent writes."""
LOOKED_AT = 32
"""Lines."""


class ClaudeCodeParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the record types and the ids that every line carries."""
        lines = [line for line in sample.head.split(b"\n")[:LOOKED_AT] if line.strip()]
        found = any(_is_ours(record) for line in lines for record in decode(line))
        if found:
            return Match(88, "message records of Claude Code")
        return Match(88, "facts of a Claude Code subagent") if {"agentType", "spawnDepth"} <= sample.keys else None

    def reader(self, path: Path) -> ClaudeCodeReader:
        return ClaudeCodeReader(path)

    def companions(self, path: Path) -> Sequence[Path]:
        return files.companions(path)


def _is_ours(line: Line) -> bool:
    if line.type in ("user", "assistant"):
        return line.message is not None and line.message.content is not None
    return line.type in TELLING or (line.type == "summary" and line.leaf_uuid is not None)
