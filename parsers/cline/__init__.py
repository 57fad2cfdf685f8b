"""Cline: a folder of JSON files per task, and a folder per session since it is built on its own kit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parsers.base import Document, Match, Sample
from parsers.cline import sdk
from parsers.cline.tasks import TaskParser

__all__ = ["ClineParser"]


class ClineParser(TaskParser):
    tool = "cline"

    def recognises(self, sample: Sample) -> Match | None:
        """Tell a file of a session by its keys, one of a task as `whose` does."""
        return sdk.recognises(sample) or super().recognises(sample)

    @contextmanager
    def open(self, path: Path) -> Iterator[Document]:
        if session := sdk.opened(path):
            yield session
        else:
            with super().open(path) as task:
                yield task
