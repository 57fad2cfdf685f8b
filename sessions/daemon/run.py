"""The loop: waits for changes, has due logs indexed, and looks at all of them by `stat` now and then."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from queue import Empty

from django.db import connections

from parsers import discover
from parsers.discover import Log
from sessions.daemon.debounce import Debounce
from sessions.daemon.watcher import Changes, Watcher
from sessions.faces import INDEX_FAILURES, said
from sessions.ingest.lock import Busy
from sessions.ingest.report import Progress, Report
from sessions.ingest.run import Settings, index, index_logs
from sessions.ingest.sources import identities
from sessions.models import Source

logger = logging.getLogger(__name__)

INTERVAL = 0.5
"""Seconds between two visits of a log that grows."""

RESCAN = 60.0
"""Seconds between two looks at all logs, the safety net for events that the system dropped."""

RESCAN_SOONEST = 1.0
"""Seconds between two looks at all logs when folders and files come and go."""

LONGEST_PAUSE = 60.0
LONGEST_PAUSE_BUSY = 2.0
"""Seconds to wait after failures in a row; another program that is indexing ends any moment."""


class Stopped(Exception):
    """A stop was asked for while a pass was under way; all batches before it are stored."""


class Daemon:
    """Keeps the index up to date until it is stopped."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._clock = settings, clock
        self._changes = Changes()
        self._watcher = Watcher(settings.home, settings.env, self._changes, settings.places)
        self._debounce = Debounce(INTERVAL)
        self._rescan_at = self._rescanned_at = self._resume_at = clock()
        self._failures = 0
        self._last_failure = ""
        self._warned: set[str] = set()
        self._is_stopping = False

    def run(self) -> None:
        try:
            while not self._is_stopping:
                self.work()
                self.wait()
        finally:
            self._watcher.stop()

    def stop(self, *_signal: object) -> None:
        """Ask for an end after the batch that is being stored. Safe inside a signal handler."""
        self._is_stopping = True
        self._changes.put(None)

    def work(self) -> None:
        """Do what is due now. Whatever fails is tried again later, so that one bad log never ends the daemon."""
        now = self._clock()
        if now < self._resume_at:
            return
        try:
            self._work(now)
        except Stopped:
            logger.info("Stopping after the current batch")
        except INDEX_FAILURES as error:
            self._pause(said(error), LONGEST_PAUSE_BUSY if isinstance(error, Busy) else LONGEST_PAUSE)
        except Exception as error:  # noqa: BLE001  A slip in one parser must not end the daemon. Its text may hold content.
            self._pause(f"{type(error).__name__} at {_place(error)}; `manage.py index` shows more", LONGEST_PAUSE)
        else:
            self._failures, self._last_failure = 0, ""

    def wait(self) -> None:
        """Sleep until something changes or the next work is due, and note what changed."""
        due = self._debounce.next_due()
        wake_at = max(self._resume_at, self._rescan_at if due is None else min(due, self._rescan_at))
        for path in self._arrived(max(0.0, wake_at - self._clock())):
            self.note(path)

    def note(self, path: str | None) -> None:
        """Remember that the log at `path` changed, or with None that folders came or went."""
        if path is None:
            self._rescan_soon()
        else:
            self._debounce.note(path, self._clock())

    def _arrived(self, timeout: float) -> Iterator[str | None]:
        try:
            yield self._changes.get(timeout=timeout)
            while True:
                yield self._changes.get_nowait()
        except Empty:
            return

    def _rescan_soon(self) -> None:
        self._rescan_at = min(self._rescan_at, max(self._clock(), self._rescanned_at + RESCAN_SOONEST))

    def _work(self, now: float) -> None:
        if now >= self._rescan_at:
            self._rescan(now)
        elif changed := self._changed(self._debounce.take(now)):
            self._tell(index_logs(self._settings, changed))

    def _rescan(self, now: float) -> None:
        # The watch comes first: what appears after the look at its folder is then an event.
        self._watcher.refresh()
        self._debounce.take(now)
        self._rescan_at = now + RESCAN
        report = index(self._settings, progress=self._check_stop)
        self._rescanned_at = self._clock()
        self._warned &= set(report.warnings)
        self._tell(report)

    def _check_stop(self, _progress: Progress) -> None:
        if self._is_stopping:
            raise Stopped

    def _changed(self, paths: Sequence[str]) -> list[Log]:
        """Return the logs that differ from what was read of them: one visit often took more than its event told.

        What is no known source is left to a look at all logs: discovery alone decides what a log is.
        """
        if not paths:
            return []
        known = _known(paths)
        if len(known) < len(paths):
            self._rescan_soon()
        try:
            return [log for log in (discover.look(was.tool, was.path) for was in known) if log not in known]
        except OSError:
            self._rescan_soon()
            return []

    def _tell(self, report: Report) -> None:
        for warning in report.warnings:
            if warning not in self._warned:
                logger.warning("%s", warning)
        self._warned.update(report.warnings)
        if report.files_opened:
            logger.info("Read %d logs, %d new events", report.files_opened, report.events)

    def _pause(self, reason: str, longest: float) -> None:
        """Say what failed, once, and look at all logs after a while: by `stat` it finds what was missed."""
        if reason != self._last_failure:
            logger.error("%s", reason)
        self._last_failure = reason
        self._resume_at = self._rescan_at = self._clock() + min(2.0**self._failures, longest)
        self._failures = min(self._failures + 1, 10)
        # The file of the database may have been moved away: the next look takes a new connection.
        connections.close_all()


def _known(paths: Sequence[str]) -> set[Log]:
    """Return the logs at these paths as they were when they were read; those that are missing since are left out."""
    rows = Source.objects.filter(is_missing=False).values_list("tool", "path", "size", "mtime_ns", "inode")
    return {Log(*row) for part in identities(paths) for row in rows.filter(pk__in=part)}


def _place(error: Exception) -> str:
    """Return the line of code that raised the error."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.filename}:{last.lineno}"
