"""Claude Code: one JSON object per line, a file per session and one per subagent (`spec/parsers.md` 2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from parsers.claude_code import files
from parsers.claude_code.reader import TOOL, ClaudeCodeReader
from parsers.claude_code.records import Line, decode

__all__ = ["ClaudeCodeParser", "ClaudeCodeReader"]

TELLING = frozenset({"file-history-snapshot", "queue-operation", "permission-mode", "last-prompt", "ai-title"})
"""Record types that no other agent writes."""


class ClaudeCodeParser:
    tool = TOOL
    suffixes = (".jsonl",)
    version = 1

    def claims(self, path: str) -> bool:
        return files.claims(path)

    def recognises(self, head: bytes) -> bool:
        """Tell by the record types and the ids that every line carries."""
        return any(_is_ours(record) for line in head.split(b"\n")[:32] if line.strip() for record in decode(line))

    def reader(self, path: Path) -> ClaudeCodeReader:
        return ClaudeCodeReader(path)

    def companions(self, path: Path) -> Sequence[Path]:
        return files.companions(path)


def _is_ours(line: Line) -> bool:
    if line.type in ("user", "assistant"):
        return line.message is not None and line.message.content is not None
    return line.type in TELLING or (line.type == "summary" and line.leaf_uuid is not None)
