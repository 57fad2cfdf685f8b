"""Where bodies are kept: on this machine's disk, or in a bucket that speaks S3 (`sessions.s3`)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from django.core.files.storage import FileSystemStorage

from sessions.ingest import folders


class Store(Protocol):
    """What bodies need beside Django's own interface of a storage."""

    def read_part(self, name: str, offset: int, length: int) -> bytes:
        """Return these bytes of an object, fewer where it ends before. Raises FileNotFoundError and OSError."""

    def problem(self) -> str:
        """Return why nothing can be kept here at the moment, or nothing."""

    def prepare(self) -> None:
        """Make the place, unless it is there."""


class Files(FileSystemStorage):
    """A folder that only its owner can read."""

    def read_part(self, name: str, offset: int, length: int) -> bytes:
        with self.open(name) as file:
            file.seek(offset)
            data: bytes = file.read(length)
        return data

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        # Nothing was stored yet.
        return super().listdir(path) if self.exists(path) else ([], [])

    def problem(self) -> str:
        folder = Path(self.location)
        # It is made when the first body is written.
        nearest = next(each for each in (folder, *folder.parents) if each.exists())
        return "" if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK) else "its folder cannot be written to"

    def prepare(self) -> None:
        folders.make_private(Path(self.location))
