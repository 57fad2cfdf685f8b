"""Which files a session changed, and which it only read."""

from __future__ import annotations

from handoff.model import Change
from opensession.hail.actions import FileCreate, FileDelete, FileEdit, FileRead
from opensession.hail.model import Event


class Files:
    kinds = (FileRead, FileEdit, FileCreate, FileDelete)

    def __init__(self) -> None:
        self._changes: dict[str, str] = {}
        self._reads: set[str] = set()

    def see(self, event: Event) -> None:
        match event.action:
            case FileRead(path=path):
                self._reads.add(path)
            case FileEdit(path=path):
                self._changes.setdefault(path, "edited")
            case FileCreate(path=path):
                self._changes[path] = "created"
            case FileDelete(path=path):
                self._changes[path] = "deleted"

    def modified(self) -> tuple[Change, ...]:
        return tuple(Change(action=action, path=path) for path, action in sorted(self._changes.items()))

    def read(self) -> tuple[str, ...]:
        return tuple(sorted(self._reads.difference(self._changes)))
