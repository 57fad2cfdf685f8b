"""Folders for what nobody else may read, and which must not be lost with the power."""

from __future__ import annotations

import os
from pathlib import Path


def make_private(folder: Path) -> None:
    """Make a folder and the one above it, unless they are there. Only their owner may enter them."""
    for each in (folder.parent, folder):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)


def sync(folder: Path) -> None:
    """Have the names in a folder, and its own name, written to the disk: a file is as safe as what names it."""
    for each in (folder, folder.parent):
        file = os.open(each, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def sync_file(path: Path) -> None:
    """Have a file that was just made written to the disk, and its name."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
    sync(path.parent)
