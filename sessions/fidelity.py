"""How much of the agents' logs was understood, by kind of record: for a session, and for a tool on this machine."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sessions.drift import FieldsSeen
from sessions.models import Source, Strand


@dataclass(frozen=True, slots=True)
class Kind:
    """How many records of a kind there are. `skipped` were not understood, `ignored` give no event on purpose."""

    kind: str
    count: int
    skipped: int
    ignored: int


@dataclass(slots=True)
class ToolReport:
    """What is stored of a tool's sessions. `versions` counts strands; `failures` are sources that cannot be read."""

    tool: str
    strands: int = 0
    records: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    fields: FieldsSeen = field(default_factory=FieldsSeen)
    failures: list[str] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """Return eight hex digits that change with a kind of record, a field or a type new to this tool's logs."""
        names = "\n".join((*sorted(self.records), *self.fields.shape()))
        return hashlib.sha256(names.encode()).hexdigest()[:8] if names else ""

    @property
    def understood(self) -> float:
        """Return the share of records that were understood, 0 to 1."""
        total = self.records.total()
        return 1 - self.skipped.total() / total if total else 1.0


def kinds(strands: Iterable[Strand]) -> list[Kind]:
    """Return the records of these strands by kind, those that were not understood first, then the most frequent."""
    found = [Counter[str](), Counter[str](), Counter[str]()]
    for strand in strands:
        for total, counts in zip(found, (strand.kinds, strand.skipped, strand.ignored), strict=True):
            total.update(counts)
    every, skipped, ignored = found
    rows = [Kind(kind, every[kind], skipped[kind], ignored[kind]) for kind in every | skipped | ignored]
    return sorted(rows, key=lambda row: (-row.skipped, -row.count, row.kind))


def tool_reports() -> dict[str, ToolReport]:
    """Return a report for each tool of which something is indexed."""
    reports: dict[str, ToolReport] = {}
    strands = Strand.objects.filter(is_live=True, source__isnull=False)
    rows = strands.values_list("source__tool", "session__tool_version", "kinds", "skipped", "ignored", "shapes")
    for tool, version, every, skipped, ignored, shapes in rows.iterator(chunk_size=500):
        report = reports.setdefault(tool, ToolReport(tool))
        report.strands += 1
        report.records.update(every)
        report.skipped.update(skipped)
        report.ignored.update(ignored)
        report.versions.update([version] if version else [])
        report.fields.add(shapes, version)
    for tool, path, failure in _failures():
        reports.setdefault(tool, ToolReport(tool)).failures.append(f"{path}: {failure}")
    return reports


def _failures() -> Sequence[tuple[str, str, str]]:
    failed = Source.objects.exclude(failure="").filter(is_missing=False).order_by("path")
    return list(failed.values_list("tool", "path", "failure"))
