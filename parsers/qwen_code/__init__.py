"""Qwen Code: one JSON object per line, a tree whose last leaf is what stands (`spec/parsers.md` 2.13).

Before it had a log of its own it logged as Gemini CLI, which it grew out of.
"""

from __future__ import annotations

from pathlib import Path

from parsers.base import Match, ParseError, Sample
from parsers.documents import load, load_lines
from parsers.fields import mapping, text
from parsers.gemini import GeminiFamily
from parsers.qwen_code.branch import TYPES, Record, active
from parsers.qwen_code.records import Teller
from parsers.transcript import Transcript

HOMES = frozenset({".qwen", "qwen", "qwen-code"})
_MARKS = ("toolCallResult", "usageMetadata", "systemPayload", "provenance")


class QwenCodeParser(GeminiFamily):
    tool, schema = "qwen-code", "qwen-code-jsonl-v1"
    voice, home = "qwen", ".qwen"

    def recognises(self, sample_: Sample) -> Match | None:
        """Tell by the parts of a message, or what stands beside it; else by the folder."""
        records = [record for record in sample_.records if _is_record(record)]
        if any(_has_parts(record) or _marked(record) for record in records):
            return Match(97, "message records with the parts or the marks of Qwen Code")
        if records and not HOMES.isdisjoint(sample_.path.parts):
            return Match(94, "message records like those of Claude Code, in a folder of Qwen Code")
        return super().recognises(sample_)

    def fill(self, path: Path, to: Transcript) -> None:
        """Tell what stands in the log; see `OneThread.fill`."""
        if path.suffix == ".json" or _is_document(path):
            super().fill(path, to)
            return
        records = list(load_lines(path, to.out))
        if not any(_is_record(record) for record in records):
            raise ParseError(path, 0, "holds no record of Qwen Code")
        Teller(to, path, records).tell(active(records))


def _is_document(path: Path) -> bool:
    return load(path).split(b"\n", 1)[0].strip() == b"{"


def _is_record(record: Record) -> bool:
    return text(record, "type") in TYPES and bool(text(record, "sessionId"))


def _has_parts(record: Record) -> bool:
    return isinstance(mapping(record, "message").get("parts"), list)


def _marked(record: Record) -> bool:
    return any(mark in record for mark in _MARKS)
