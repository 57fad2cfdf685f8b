"""The agents' own bytes, compressed, each run in a file named by its SHA-256."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from django.core.files.storage import storages

from sessions.ingest import folders
from sessions.models import RawCopy


def path(digest: str) -> Path:
    return Path(storages["raw"].path(f"{digest[:2]}/{digest}.zst"))


def keep(digest: str, data: bytes) -> None:
    """Store the bytes, unless they are there."""
    target = path(digest)
    if target.exists():
        return
    folders.make_private(target.parent)
    # What has its true name is taken for whole, so a crash must not leave half of it there.
    part = target.with_name(f"{target.name}.part")
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(file, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(file)
    part.replace(target)
    folders.sync(target.parent)


def prune(digests: Iterable[str]) -> None:
    """Remove those of the files that no row refers to any more."""
    for digest in digests:
        if not RawCopy.objects.filter(digest=digest).exists():
            path(digest).unlink(missing_ok=True)


def leftovers() -> list[Path]:
    """Return the files that a crash left over: no row refers to them."""
    known = set(RawCopy.objects.values_list("digest", flat=True))
    found = Path(storages["raw"].path("")).glob("*/*.zst*")
    return [file for file in found if file.suffix == ".part" or file.stem not in known]
