"""Decide by `stat` alone which logs changed since they were read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from parsers.discover import Log


class Known(NamedTuple):
    """A source as it was when it was read last."""

    size: int
    mtime_ns: int
    inode: int
    parser_version: int
    is_missing: bool


class Plan(NamedTuple):
    """What to do: `changed` logs to read (oldest first), paths that are `missing` now, paths that are `back`."""

    changed: list[Log]
    unchanged: int
    missing: list[str]
    back: list[str]


def plan(logs: Iterable[Log], known: Mapping[str, Known], versions: Mapping[str, int], full: bool = False) -> Plan:
    """Compare the logs found with the sources known; `versions` are those of the parsers today."""
    changed, back, seen = [], [], set()
    for log in logs:
        seen.add(log.path)
        before = known.get(log.path)
        if full or before is None or before.parser_version != versions[log.tool] or not is_same(log, before):
            changed.append(log)
        elif before.is_missing:
            back.append(log.path)
    missing = [path for path, source in known.items() if path not in seen and not source.is_missing]
    changed.sort(key=lambda log: log.mtime_ns)
    return Plan(changed, len(seen) - len(changed), missing, back)


def is_same(log: Log, before: Known) -> bool:
    """Tell whether the log looks as it did when it was read."""
    return log[2:] == before[:3]
