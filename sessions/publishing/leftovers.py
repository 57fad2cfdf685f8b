"""Bodies of uploads that no row names: a server was killed before it wrote the rows, or lost its database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from django.core.files.storage import Storage, storages

from sessions.models import Strand

FOLDER = "uploads"

_PART = 500


def remove(before: datetime) -> Iterator[str]:
    """Remove those that were written before a moment, and yield their names."""
    storage = storages["bodies"]
    written = _written(storage, before)
    while part := list(islice(written, _PART)):
        named = set(Strand.objects.filter(body__in=part).values_list("body", flat=True))
        for name in part:
            if name not in named:
                storage.delete(name)
                yield name


def _written(storage: Storage, before: datetime) -> Iterator[str]:
    for folder in _listed(storage, FOLDER)[0]:
        for file in _listed(storage, f"{FOLDER}/{folder}")[1]:
            name = f"{FOLDER}/{folder}/{file}"
            if storage.get_modified_time(name) < before:
                yield name


def _listed(storage: Storage, folder: str) -> tuple[list[str], list[str]]:
    try:
        return storage.listdir(folder)
    except FileNotFoundError:
        return [], []
