"""How further files belong to a log: what lies beside it, and how one leads from there to the log."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from parsers.places import Place


@dataclass(frozen=True, slots=True)
class Siblings:
    """The files of these names in the folder of a log."""

    names: tuple[str, ...]

    def __call__(self, path: str) -> Iterable[str]:
        folder = os.path.dirname(path)
        return (os.path.join(folder, name) for name in self.names)


@dataclass(frozen=True, slots=True)
class Main:
    """The log of this name in the folder of any file."""

    name: str

    def __call__(self, path: str) -> str:
        return os.path.join(os.path.dirname(path), self.name)


@dataclass(frozen=True, slots=True)
class Twin:
    """The file whose name ends otherwise than the log's."""

    log: str
    other: str

    def __call__(self, path: str) -> Iterable[str]:
        return (path.removesuffix(self.log) + self.other,)


@dataclass(frozen=True, slots=True)
class OfTwin:
    """The log whose name ends otherwise than that of the file beside it."""

    log: str
    other: str

    def __call__(self, path: str) -> str:
        return path.removesuffix(self.other) + self.log if path.endswith(self.other) else path


def in_folder(root: str, pattern: str, *beside: str) -> Place:
    """Return the place of logs that have a folder each, and in it files that tell more of the session."""
    return Place(root, pattern, Siblings(beside), Main(pattern.rpartition("/")[2]))


def with_twin(root: str, pattern: str, log: str, other: str) -> Place:
    """Return the place of logs with a file of the same name beside each, that ends in `other` instead of `log`."""
    return Place(root, pattern, Twin(log, other), OfTwin(log, other))
