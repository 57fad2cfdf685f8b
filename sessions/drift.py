"""Which fields the records of a tool have, and in which of its versions: what came and went. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from parsers.shapes import Shapes


class Field(NamedTuple):
    """A field of a kind of record.

    `new_in` is the first version that has it, where records of that kind are older. `last_in` is the last one, where
    all versions until then have it and younger ones do not. Both are empty for a field that was always there.
    """

    kind: str
    name: str
    types: str
    new_in: str
    last_in: str


@dataclass(slots=True)
class _Seen:
    """The types of a field, and the versions that have it."""

    types: set[str] = field(default_factory=set)
    versions: set[str] = field(default_factory=set)


@dataclass(slots=True)
class FieldsSeen:
    """The fields of a tool's records, gathered thread by thread."""

    _kinds: dict[str, set[str]] = field(default_factory=dict)
    _fields: dict[tuple[str, str], _Seen] = field(default_factory=dict)

    def add(self, shapes: Shapes, version: str) -> None:
        """Take the fields of a thread; `version` of the tool wrote it, an empty one is not known."""
        known = {version} if version else set()
        for kind, fields in shapes.items():
            self._kinds.setdefault(kind, set()).update(known)
            for name, types in fields.items():
                seen = self._fields.setdefault((kind, name), _Seen())
                seen.types.update(types.split("|"))
                seen.versions |= known

    def fields(self) -> list[Field]:
        """Return all fields by kind and name."""
        versions = {kind: sorted(known, key=age) for kind, known in self._kinds.items()}
        return [_field(*each, seen, versions[each[0]]) for each, seen in sorted(self._fields.items(), key=_name)]

    def shape(self) -> Iterator[str]:
        """Yield what tells one set of fields from another. That a field may be missing or null tells nothing."""
        for each in self.fields():
            yield f"{each.kind}.{each.name}:{_without_null(each.types)}"


def age(version: str) -> tuple[list[int], str]:
    """Return what puts versions in order: 2.9 before 2.10."""
    return [int(digits) for digits in re.findall(r"\d{1,9}", version)], version


def _without_null(types: str) -> str:
    return "|".join(each for each in types.split("|") if each != "null")


def _name(item: tuple[tuple[str, str], _Seen]) -> tuple[str, str]:
    return item[0]


def _field(kind: str, name: str, seen: _Seen, versions: Sequence[str]) -> Field:
    """Return a field of a kind that these versions have, in order."""
    has_it = [version in seen.versions for version in versions]
    started = has_it.index(True) if True in has_it else 0
    ended = has_it.index(False, started) if False in has_it[started:] else 0
    is_gone = started == 0 < ended and True not in has_it[ended:]
    return Field(
        kind,
        name,
        types="|".join(sorted(seen.types)),
        new_in=versions[started] if started else "",
        last_in=versions[ended - 1] if is_gone else "",
    )
