"""Which git repository a folder lies in, told without loading git."""

from __future__ import annotations

import os
from pathlib import Path


def nearest(folder: Path) -> Path | None:
    """Return the nearest folder at or above `folder`, which need not exist, that has a `.git`."""
    # `Path.exists` raises where the folder may not be read.
    return next((each for each in (folder, *folder.parents) if os.path.exists(each / ".git")), None)
