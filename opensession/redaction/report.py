"""What was replaced: how often, by which rule. Never what it was."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Report(Struct, frozen=True):
    counts: Mapping[str, int] = {}

    def __add__(self, other: Report) -> Report:
        names = sorted({*self.counts, *other.counts})
        return Report({name: self.counts.get(name, 0) + other.counts.get(name, 0) for name in names})

    def __bool__(self) -> bool:
        return self.total > 0

    def __str__(self) -> str:
        return ", ".join(f"{count} {name}" for name, count in sorted(self.counts.items())) or "nothing"

    @property
    def total(self) -> int:
        return sum(self.counts.values())
