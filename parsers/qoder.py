"""Qoder: records as Claude Code's, behind one that describes the session (`spec/parsers.md` 2.22)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from parsers import claude_like
from parsers.base import Match, Sample
from parsers.claude_like import ClaudeLikeReader, is_spoken
from parsers.fields import text

HEADS = frozenset({"session_meta", "runtime-config"})
"""Types of the first record."""

HOMES = frozenset({".qoder", ".qoderwork"})


class QoderReader(ClaudeLikeReader):
    tool, schema = "qoder", "qoder-jsonl-v1"


class QoderParser:
    tool = "qoder"

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the first record, else by the folder."""
        records = sample.records
        if not any(is_spoken(record) for record in records):
            return None
        if text(records[0], "type") in HEADS and text(records[0], "sessionId"):
            return Match(93, "message records like those of Claude Code, behind a head of Qoder")
        is_there = not HOMES.isdisjoint(sample.path.parts)
        return Match(90, "message records like those of Claude Code, in a folder of Qoder") if is_there else None

    def reader(self, path: Path) -> QoderReader:
        return QoderReader(path)

    def companions(self, path: Path) -> Sequence[Path]:
        return claude_like.companions(path)
