"""Roo Code, forked from Cline: the same task folders, with a time in every message (`spec/parsers.md` 2.6)."""

from __future__ import annotations

from parsers.cline.tasks import TaskParser


class RooCodeParser(TaskParser):
    tool = "roo-code"
