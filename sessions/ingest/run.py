"""One indexing pass: discover, plan, parse in processes, write in batches."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import parsers
from parsers import discover
from parsers.discover import Log, Unreadable
from sessions.ingest import reword, sources
from sessions.ingest.lock import ingest_lock
from sessions.ingest.plan import Known, Plan, is_same, plan
from sessions.ingest.reading import read
from sessions.ingest.report import Progress, Report, sentence
from sessions.ingest.work import Failure, Increment, Work
from sessions.ingest.workers import Crew
from sessions.ingest.writer import Step, Writer
from sessions.models import Session, source_uuid

INLINE = 4 << 20
"""Bytes to read below which starting processes costs more than it saves."""

BATCH_BYTES = 8 << 20
"""Bytes of logs per transaction."""

BATCH_LOGS = 500
"""Logs per transaction: a statement names all of a batch, and SQLite may allow as few as 999 parameters."""

PAUSE = 0.002
"""Seconds between transactions, so that another writer gets its turn: SQLite's lock wait is not fair."""


class Settings(NamedTuple):
    """What a pass needs to know from outside. `wait` is how many seconds to wait for another pass to end."""

    home: Path
    env: Mapping[str, str]
    data_dir: Path
    keep_raw: bool = False
    wait: float = 0.0
    processes: int = os.cpu_count() or 1


def index(settings: Settings, full: bool = False, progress: Callable[[Progress], None] | None = None) -> Report:
    """Bring the index up to date with all logs of the home directory.

    Raises Busy, WorkerDied, OSError or DatabaseError; what was stored before is whole.
    """
    started = time.monotonic()
    with ingest_lock(settings.data_dir, settings.wait):
        unreadable: list[Unreadable] = []
        found = list(discover.logs(settings.home, settings.env, unreadable))
        known = sources.known()
        todo = plan(found, known, _versions(), full)
        run = _Run(settings, todo, known, full, progress)
        run.report.files_seen = len(found)
        run.report.failed = len(unreadable)
        run.report.warnings += [sentence(path, reason) for path, reason in unreadable]
        run.read_changed()
        run.report.sessions_missing = sources.mark(_gone(todo, unreadable), todo.back)
        run.report.sessions_unchanged = Session.objects.filter(origin="indexed").count() - len(
            run.report.new | run.report.updated
        )
        if reword.is_due():
            reword.rebuild()
    run.report.seconds = time.monotonic() - started
    return run.report


def index_logs(settings: Settings, logs: Sequence[Log]) -> Report:
    """Bring the index up to date with these logs only. The caller knows that they changed. Raises as `index`."""
    with ingest_lock(settings.data_dir, settings.wait):
        known = sources.known_of([log.path for log in logs])
        run = _Run(settings, Plan(list(logs), 0, [], []), known, full=False, progress=None)
        run.report.files_seen = len(logs)
        run.read_changed()
    return run.report


def _versions() -> dict[str, int]:
    return {parser.tool: parser.version for parser in parsers.PARSERS}


def _gone(todo: Plan, unreadable: Sequence[Unreadable]) -> list[str]:
    """Return which of the logs that were not found are gone.

    Those that could not be looked at are not known to be, and one that lies elsewhere than before (the
    agents' folders were moved by a variable) is still there.
    """
    closed = tuple(f"{path}{os.sep}" for path, _ in unreadable)
    return [path for path in todo.missing if not f"{path}{os.sep}".startswith(closed) and not os.path.lexists(path)]


class _Run:
    """The state of one pass over the changed logs."""

    def __init__(
        self,
        settings: Settings,
        todo: Plan,
        known: Mapping[str, Known],
        full: bool,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self.report = Report()
        self._settings, self._logs, self._known, self._full = settings, todo.changed, known, full
        self._versions, self._progress = _versions(), progress
        self._total = sum(log.size for log in self._logs)
        self._done = self._finished = 0
        self._unsure: set[int] = set()
        self._writer = Writer()

    def read_changed(self) -> None:
        if not self._logs:
            return
        if self._total <= INLINE:
            self._store_all(answer for work in self._works() for answer in read(work))
            return
        with Crew(self._settings.processes) as crew:
            self._store_all(crew.read(self._works()))

    def _works(self) -> Iterator[Work]:
        for number, log in enumerate(self._logs):
            before = self._known.get(log.path)
            anew = self._full or before is None or before.parser_version != self._versions[log.tool]
            work = sources.work(number, log, before is not None, anew, self._settings.keep_raw)
            if before and not work.resume and not is_same(log, before):
                # Only a reader that goes on compares what stands in the log with what was read of it.
                self._unsure.add(number)
            yield work

    def _store_all(self, answers: Iterable[Increment | Failure]) -> None:
        batch: list[Step] = []
        size = 0
        for answer in answers:
            if isinstance(answer, Failure):
                self._note_failure(answer)
                continue
            batch.append(self._step(answer))
            size += answer.consumed - answer.base
            if size >= BATCH_BYTES or len(batch) >= BATCH_LOGS:
                self._store(batch)
                batch, size = [], 0
        self._store(batch)

    def _step(self, one: Increment) -> Step:
        log = self._logs[one.number]
        holds_old = one.holds_old and one.number not in self._unsure
        return Step(log.tool, log.path, source_uuid(log.path), self._versions[log.tool], holds_old, one)

    def _store(self, batch: list[Step]) -> None:
        if not batch:
            return
        stored = self._writer.store(batch)
        report = self.report
        report.new = (report.new | stored.new) - stored.gone
        report.updated = (report.updated | stored.updated) - stored.gone
        report.transactions += 1
        for step in batch:
            self._count(step.increment)
        if self._progress:
            self._progress(Progress(self._finished, len(self._logs), self._done, self._total))
        time.sleep(PAUSE)

    def _count(self, one: Increment) -> None:
        report = self.report
        report.events += one.frame.first + one.frame.count - one.first_event
        self._done += one.consumed - one.base
        if one.is_last:
            self._finished += 1
            report.files_opened += 1
            report.bytes_read += one.bytes_read
            report.records_unknown += sum(one.skipped.values())

    def _note_failure(self, failure: Failure) -> None:
        self._finished += 1
        self.report.failed += not failure.vanished
        self.report.warnings.append(sentence(self._logs[failure.number].path, failure.reason))
