"""Which files a session changed, and which it only read."""

from __future__ import annotations

from typing import NamedTuple

from handoff.model import Change
from opensession.hail.actions import FileCreate, FileDelete, FileEdit, FileRead
from opensession.hail.model import Event
from opensession.hail.stats import changed_lines


class Changed(NamedTuple):
    """A file that was changed, and the last event that did."""

    change: Change
    event_id: str


class _Draft:
    """What is known of a file so far; no lines are counted while no edit has a diff."""

    def __init__(self) -> None:
        self.action = ""
        self.lines: tuple[int, int] | None = None
        self.event_id = ""

    def count(self, diff: str) -> None:
        added, removed = self.lines or (0, 0)
        more, fewer = changed_lines(diff)
        self.lines = added + more, removed + fewer


class Files:
    """`last` is the event that changed any file last."""

    kinds = (FileRead, FileEdit, FileCreate, FileDelete)

    def __init__(self) -> None:
        self.last: str | None = None
        self._drafts: dict[str, _Draft] = {}
        self._reads: set[str] = set()

    def see(self, event: Event) -> None:
        match event.action:
            case FileRead(path=path):
                self._reads.add(path)
            case FileEdit(path=path, diff=diff):
                draft = self._change(path, event)
                draft.action = draft.action or "edited"
                if diff:
                    draft.count(diff)
            case FileCreate(path=path):
                self._change(path, event).action = "created"
            case FileDelete(path=path):
                self._change(path, event).action = "deleted"

    def _change(self, path: str, event: Event) -> _Draft:
        draft = self._drafts.setdefault(path, _Draft())
        draft.event_id = self.last = event.event_id
        return draft

    def modified(self) -> tuple[Changed, ...]:
        """Return the files that were changed, by path."""
        drafts = sorted(self._drafts.items())
        return tuple(Changed(_change(path, draft), draft.event_id) for path, draft in drafts)

    def read(self) -> tuple[str, ...]:
        return tuple(sorted(self._reads.difference(self._drafts)))


def _change(path: str, draft: _Draft) -> Change:
    added, removed = draft.lines or (None, None)
    return Change(action=draft.action, lines_added=added, lines_removed=removed, path=path)
