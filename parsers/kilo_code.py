"""Kilo Code before it moved to the store of OpenCode: the task folders of Roo Code (`spec/parsers.md` 2.6)."""

from __future__ import annotations

from parsers.cline.tasks import TaskParser


class KiloCodeParser(TaskParser):
    tool = "kilo-code"
