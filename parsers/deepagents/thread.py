"""Put the messages of a thread together from its checkpoints and from what was written between them.

The last checkpoint holds all messages that the model still sees, and what was written since is not in it yet. What was
written before tells those that were summarised, and when each message came.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

from opensession.hail import times
from parsers.base import Output
from parsers.database import Database, Row
from parsers.deepagents.packed import CLASS, MAX_BYTES, Unreadable, unpacked
from parsers.fields import decoded, items, joined, mapping, moment, text

CHECKPOINTS, WRITES = "checkpoints", "writes"
OF_THREAD = "thread_id = ? AND checkpoint_ns = ?"
ALL_MESSAGES = "__remove_all__"
MAX_THREAD = 4 * MAX_BYTES
"""Bytes of the values of one thread that are unpacked. All of its messages are in memory together."""

_UUID_EPOCH = 12_219_292_800_000
"""Milliseconds from the start of the Gregorian calendar, from which such ids count, to 1970."""


class Said(NamedTuple):
    """A message. `time` is when it was stored, empty where that is not known; `task` the step that wrote it."""

    fields: dict[str, Any]
    time: str = ""
    task: str = ""


class Thread:
    """The messages of a thread, or of a subagent of it, whose namespace is not empty."""

    def __init__(self, database: Database, id: str, namespace: str, out: Output) -> None:
        self._database, self._given, self._out = database, (id, namespace), out
        self._budget = MAX_THREAD
        ids = database.rows(CHECKPOINTS, "checkpoint_id", where=OF_THREAD, by="checkpoint_id", given=self._given)
        self._ids = [text(row, "checkpoint_id") for row in ids]
        self.metadata = self._metadata()
        self.created = time_of(self._ids[0]) if self._ids else ""
        self.updated = (time_of(self._ids[-1]) if self._ids else "") or moment(self.metadata, "updated_at") or ""

    def messages(self) -> list[Said]:
        """Return all messages in order, but those that were taken back."""
        last = self._ids[-1] if self._ids else ""
        before, pending = _Log("before"), _Log("pending")
        for row in self._writes():
            log = pending if row["checkpoint_id"] == last else before
            log.take(self._opened(row["type"], row["value"], "write"), self._stored(row), row["task_id"])
        shown = self._dated(before)
        found = {**before.said, **shown, **pending.said}
        for removed in pending.removed:
            found.pop(removed, None)
        for _ in (*before.removed, *pending.removed):
            self._out.record("message:removed")
            self._out.ignore("message:removed")
        return _in_order(found.values())

    def _dated(self, before: _Log) -> dict[str, Said]:
        """Return the messages of the last checkpoint with what the writes before it tell of each.

        What the user typed is written without an id, and found by its words.
        """
        shown = self._shown()
        nameless = before.nameless()
        for key, said in reversed(shown.items()):
            alike = nameless.get(_words(said))
            first = key if key in before.said or not alike else alike.pop()
            shown[key] = before.said.pop(first, said)._replace(fields=said.fields)
        return shown

    def _writes(self) -> Iterator[Row]:
        wanted = ("checkpoint_id", "task_id", "type", "value")
        where, by = f"{OF_THREAD} AND channel = 'messages'", "checkpoint_id, task_id, idx"
        return self._database.rows(WRITES, *wanted, where=where, by=by, given=self._given)

    def _shown(self) -> dict[str, Said]:
        """Return the messages of the last checkpoint by their ids."""
        kind, data = self._last("type", "checkpoint") if self._ids else (None, None)
        value = self._opened(kind, data, "checkpoint")
        log = _Log("shown")
        log.take(items(value, "channel_values", "messages"), "", "")
        return log.said

    def _metadata(self) -> dict[str, Any]:
        told = self._last("metadata")[0] if self._ids else None
        return mapping(decoded(told)) if isinstance(told, str | bytes) else {}

    def _last(self, *wanted: str) -> tuple[Any, ...]:
        where = f"{OF_THREAD} AND checkpoint_id = ?"
        row = self._database.row(CHECKPOINTS, *wanted, where=where, given=(*self._given, self._ids[-1]))
        return tuple(row.values())

    def _opened(self, kind: Any, data: Any, what: str) -> Any:
        """Return what a value is; None where it cannot be read, which is counted."""
        self._budget -= len(data) if isinstance(data, bytes | str) else 0
        try:
            if self._budget < 0:
                raise Unreadable("too much")
            return unpacked(kind, data)
        except Unreadable as error:
            self._out.record(what)
            self._out.skip(f"{what}: {error}")
            return None

    def _stored(self, row: Row) -> str:
        """Return when what was written became part of a checkpoint: the next one."""
        following = bisect_right(self._ids, text(row, "checkpoint_id"))
        return time_of(self._ids[following]) if following < len(self._ids) else ""


class _Log:
    """What was written, message by message. A message that is written again replaces its first version."""

    def __init__(self, name: str) -> None:
        self._name, self._count = name, 0
        self.said: dict[str, Said] = {}
        self.removed: list[str] = []

    def take(self, delta: Any, time: str, task: Any) -> None:
        """Take one write: a message, several, or all that there are from then on."""
        if isinstance(delta, dict) and delta.get(CLASS) == "Overwrite":
            delta = delta.get("value")
        for value in delta if isinstance(delta, list) else [delta]:
            if (fields := _fields(value)) is not None:
                self._message(fields, time, task if isinstance(task, str) else "")

    def nameless(self) -> dict[str, list[str]]:
        """Return the keys of the messages without an id by their words."""
        found: dict[str, list[str]] = {}
        for key, said in self.said.items():
            if key.startswith("#"):
                found.setdefault(_words(said), []).append(key)
        return found

    def _message(self, fields: dict[str, Any], time: str, task: str) -> None:
        native = text(fields, "id")
        if text(fields, "type") != "remove":
            self._count += 1
            key = native or f"#{self._name}-{self._count}"
            self.said[key] = self.said.get(key, Said(fields, time, task))._replace(fields=fields)
        elif native != ALL_MESSAGES:
            # All are removed at once where a summary takes their place: what was said stays said.
            self.removed.append(native)
            self.said.pop(native, None)


def _in_order(found: Iterable[Said]) -> list[Said]:
    """Return messages as they came. After a summary a checkpoint holds older ones that were kept behind it."""
    keyed, latest = [], ""
    for said in found:
        latest = max(latest, said.time, key=times.key) if latest and said.time else latest or said.time
        keyed.append((times.key(said.time or latest) if latest else times.key(times.from_ms(0)), said))
    return [said for _, said in sorted(keyed, key=lambda pair: pair[0])]


def _words(said: Said) -> str:
    return joined(said.fields.get("content"))


def _fields(value: Any) -> dict[str, Any] | None:
    """Return the fields of a message, which in JSON stand inside of how to build it."""
    if not isinstance(value, dict):
        return None if value is None else {"content": value}
    return mapping(value, "kwargs") if value.get("type") == "constructor" else value


def time_of(checkpoint: str) -> str:
    """Return when a checkpoint was made, which its id tells; an empty string where it is none of that kind."""
    try:
        told = UUID(checkpoint)
        ticks = told.time_low << 28 | told.time_mid << 12 | told.time_hi_version & 0xFFF
        return times.from_ms(ticks // 10_000 - _UUID_EPOCH) if told.version == 6 else ""
    except (ValueError, OverflowError):
        return ""
