"""iFlow CLI: records as Claude Code's, results of tools as Gemini's (`spec/parsers.md` 2.22)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parsers.base import Match, Sample
from parsers.claude_like import ClaudeLikeReader, is_spoken
from parsers.fields import mapping, text

HOMES = frozenset({".iflow", "iflow", "iflow-cli"})


class IFlowReader(ClaudeLikeReader):
    tool, schema = "iflow", "iflow-jsonl-v1"


class IFlowParser:
    tool = "iflow"

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the form of the session's id, or of what is told of a tool's result; else by the folder."""
        spoken = [record for record in sample.records if is_spoken(record)]
        if not spoken:
            return None
        if any(_is_ours(record) for record in spoken):
            return Match(93, "message records like those of Claude Code, with the ids and results of iFlow")
        is_there = not HOMES.isdisjoint(sample.path.parts)
        return Match(90, "message records like those of Claude Code, in a folder of iFlow") if is_there else None

    def reader(self, path: Path) -> IFlowReader:
        return IFlowReader(path)

    def companions(self, path: Path) -> Sequence[Path]:
        return ()


def _is_ours(record: dict[str, Any]) -> bool:
    told = mapping(record, "toolUseResult")
    return text(record, "sessionId").startswith("session-") or {"toolName", "status"} <= told.keys()
