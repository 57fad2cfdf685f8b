"""Decide when a file that changes is to be read. Pure: the caller tells the time, in seconds of any monotonic clock."""

from __future__ import annotations


class Debounce:
    """Paths that changed: each is due at once, then at most every `interval` seconds for as long as it changes.

    Waiting for quiet would starve a log that grows for hours, so a path is never put off twice.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._due: dict[str, float] = {}
        self._rests: dict[str, float] = {}

    def note(self, path: str, now: float) -> None:
        """Remember that the path changed."""
        self._due.setdefault(path, max(now, self._rests.get(path, now)))

    def take(self, now: float) -> list[str]:
        """Return the paths that are due, those that waited longest first, and let them rest."""
        due = sorted((path for path, at in self._due.items() if at <= now), key=self._due.__getitem__)
        for path in due:
            del self._due[path]
        self._rests = {path: until for path, until in self._rests.items() if until > now}
        self._rests.update(dict.fromkeys(due, now + self._interval))
        return due

    def next_due(self) -> float | None:
        """Return when the next path is due, or None when none waits."""
        return min(self._due.values(), default=None)
