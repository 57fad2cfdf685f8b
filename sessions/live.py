"""Tell open pages that something was stored, by whatever process: one thread per process watches the database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

from sessions.changes import changes

EVERY = 0.25
"""Seconds that the thread waits for a change before it asks whether anyone still listens."""

FIRST_LOOK = 2.0
"""Seconds that a listener waits at most for the first look."""

KEEP_ALIVE = 15.0
"""Seconds of silence after which a listener gets a comment: writing it is the only way to learn that it has gone."""

MOST_LISTENERS = 32
"""Each holds a thread of the server; pages that get none ask again later."""


class Watcher:
    """Watches from the first listener to the last."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._version = 0
        self._listeners = 0
        self._is_closed = False
        self._thread: threading.Thread | None = None
        self._has_looked = threading.Event()

    def listen(self) -> Iterator[str] | None:
        """Return the stream for one more listener; None when there are too many."""
        with self._changed:
            if self._listeners >= MOST_LISTENERS:
                return None
            self._listeners += 1
            if self._thread is None:
                self._has_looked.clear()
                self._thread = threading.Thread(target=self._watch, name="live", daemon=True)
                self._thread.start()
        return _Stream(self)

    def changed(self) -> None:
        """Wake every listener."""
        with self._changed:
            self._version += 1
            self._changed.notify_all()

    def close(self) -> None:
        """End every stream and the thread, and wait for the thread."""
        with self._changed:
            self._is_closed, thread = True, self._thread
            self._changed.notify_all()
        if thread:
            thread.join()

    def leave(self) -> None:
        with self._changed:
            self._listeners -= 1

    def messages(self) -> Iterator[str]:
        seen = self._version
        # A listener asks for the state of things when it is told that we are ready: what comes later, we must notice.
        self._has_looked.wait(FIRST_LOOK)
        yield "retry: 2000\nevent: ready\ndata:\n\n"
        while not self._is_closed:
            with self._changed:
                if self._version == seen and not self._is_closed:
                    self._changed.wait(KEEP_ALIVE)
                is_new, seen = self._version != seen, self._version
            yield "event: changed\ndata:\n\n" if is_new else ": still here\n\n"

    def _watch(self) -> None:
        try:
            with closing(changes()) as news:
                self._has_looked.set()
                while self._is_wanted():
                    if news.come_within(EVERY):
                        self.changed()
        finally:
            self._end()

    def _is_wanted(self) -> bool:
        with self._changed:
            if not self._listeners or self._is_closed:
                self._thread = None
            return self._thread is not None

    def _end(self) -> None:
        """Leave no trace, so that the next listener starts a thread again, also after a failure."""
        with self._changed:
            if self._thread is threading.current_thread():
                self._thread = None


class _Stream:
    """The messages of one listener. The server closes it when the listener has gone, also before the first message."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._messages = watcher.messages()
        self._is_open = True

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._messages)

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._watcher.leave()


watcher = Watcher()
