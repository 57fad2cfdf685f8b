"""TRAE CLI, a fork of Codex that writes the same rollouts (`spec/parsers.md` 1.3)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from opensession.hail.model import Header
from parsers.base import Match, Sample
from parsers.codex import CodexReader
from parsers.fields import mapping, text

TOOL = "trae"
FOLDER = "/.trae/cli/"
INTRODUCTION = "You are TRAE"


class TraeReader(CodexReader):
    def header(self) -> Header:
        """Return what is known so far; see `Reader.header`."""
        told = super().header()
        return replace(told, agent=replace(told.agent, tool=TOOL), context=replace(told.context, tags=(TOOL,)))


class TraeParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by who provides the model and what the agent is told that it is; a fork of Codex has no other mark."""
        metas = [mapping(record, "payload") for record in sample.records if record.get("type") == "session_meta"]
        if any(_is_ours(meta) for meta in metas):
            return Match(96, "a rollout of TRAE CLI, by its provider or its instructions")
        if metas and FOLDER in sample.path.as_posix():
            return Match(95, "a rollout in the folder of TRAE CLI")
        return None

    def reader(self, path: Path) -> TraeReader:
        return TraeReader(path)

    def companions(self, path: Path) -> Sequence[Path]:
        """Return nothing: a subagent has a rollout and a session of its own."""
        return ()


def _is_ours(meta: dict[str, object]) -> bool:
    instructions = text(mapping(meta, "base_instructions"), "text")
    return text(meta, "model_provider") == TOOL or instructions.startswith(INTRODUCTION)
