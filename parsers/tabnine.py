"""Tabnine CLI, which grew out of Gemini CLI and logs as it does (`spec/parsers.md` 2.4)."""

from __future__ import annotations

from parsers.gemini import GeminiFamily


class TabnineParser(GeminiFamily):
    tool, schema = "tabnine", "tabnine-jsonl-v1"
    voice, home = "tabnine", ".tabnine"
