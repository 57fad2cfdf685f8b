"""One indexing pass: discover, plan, parse in processes, write in batches."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from parsers import discover
from parsers.discover import Log, Unreadable
from parsers.external import External
from parsers.extra import ToolPlace
from parsers.registry import REGISTRY
from sessions.ingest import reword, sources
from sessions.ingest.lock import ingest_lock
from sessions.ingest.plan import Known, Plan, is_same, plan
from sessions.ingest.reading import read
from sessions.ingest.report import Progress, Report, sentence
from sessions.ingest.work import Answer, Contents, Failure, Increment, Stat, Work
from sessions.ingest.workers import Crew
from sessions.ingest.writer import Ended, Step, Writer, finish
from sessions.models import Session, source_uuid

INLINE = 4 << 20
"""Bytes to read below which starting processes costs more than it saves."""

BATCH_BYTES = 8 << 20
"""Bytes of logs per transaction."""

BATCH_LOGS = 500
"""Logs per transaction: a statement names all of a batch, and SQLite may allow as few as 999 parameters."""

PAUSE = 0.002
"""Seconds between transactions, so that another writer gets its turn: SQLite's lock wait is not fair."""

DEADLY = "the process that read it was ended twice, maybe for want of memory; it is read again when it changes"


class Settings(NamedTuple):
    """What a pass needs to know from outside. `wait` is how many seconds to wait for another pass to end.

    `places` are those that the user added, `external` the user's own parsers by name.
    """

    home: Path
    env: Mapping[str, str]
    data_dir: Path
    keep_raw: bool = False
    wait: float = 0.0
    processes: int = os.cpu_count() or 1
    places: tuple[ToolPlace, ...] = ()
    external: Mapping[str, External] = {}


def index(settings: Settings, full: bool = False, progress: Callable[[Progress], None] | None = None) -> Report:
    """Bring the index up to date with all logs of the home directory.

    Raises Busy, WorkerDied, OSError or DatabaseError; what was stored before is whole.
    """
    started = time.monotonic()
    with ingest_lock(settings.data_dir, settings.wait) as is_wary:
        unreadable: list[Unreadable] = []
        found = list(discover.logs(settings.home, settings.env, unreadable, settings.places))
        known = sources.known()
        todo = plan(found, known, _versions(settings), full)
        run = _Run(settings, todo, known, full, progress)
        run.report.files_seen = len(found)
        run.report.failed = len(unreadable)
        run.report.warnings += [sentence(path, reason) for path, reason in unreadable]
        run.read_changed(is_wary)
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
    with ingest_lock(settings.data_dir, settings.wait) as is_wary:
        known = sources.known_of([log.path for log in logs])
        run = _Run(settings, Plan(list(logs), 0, [], []), known, full=False, progress=None)
        run.report.files_seen = len(logs)
        run.read_changed(is_wary)
    return run.report


def _versions(settings: Settings) -> dict[str, int]:
    return {tool.id: tool.version for tool in REGISTRY} | dict.fromkeys(settings.external, 1)


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
        self._versions, self._progress = _versions(settings), progress
        self._total = sum(log.size for log in self._logs)
        self._done = self._finished = 0
        self._unsure: set[int] = set()
        self._unknown_before: dict[int, int] = {}
        self._writer = Writer()

    def read_changed(self, is_wary: bool) -> None:
        """Read and store what changed. `is_wary` keeps this process out of the reading: a log may have killed one."""
        if not self._logs:
            return
        if self._total <= INLINE and not is_wary:
            self._store_all(answer for work in self._works() for answer in read(work))
            return
        with Crew(self._settings.processes) as crew:
            self._store_all(crew.read(self._works()))
        for number in crew.lost:
            self._read_alone(number)

    def _read_alone(self, number: int) -> None:
        """Read a log again over which a process ended. It may have been another one that used up the memory."""
        with Crew(1) as crew:
            self._store_all(crew.read([self._work(number, is_known=True)]))
        if crew.lost:
            log = self._logs[number]
            stat = Stat(log.size, log.mtime_ns, log.inode)
            self._store([], list(self._ended(Failure(number, DEADLY, stat, is_lasting=True))))

    def _works(self) -> Iterator[Work]:
        return (self._work(number, log.path in self._known) for number, log in enumerate(self._logs))

    def _work(self, number: int, is_known: bool) -> Work:
        log, settings = self._logs[number], self._settings
        before = self._known.get(log.path)
        anew = self._full or (before is not None and before.parser_version != self._versions[log.tool])
        work = sources.work(number, log, is_known, anew, settings.keep_raw, settings.external.get(log.tool))
        if before and not work.resume and not is_same(log, before):
            # Only a reader that goes on compares what stands in the log with what was read of it.
            self._unsure.add(number)
        if work.resume:
            self._unknown_before[number] = sum(work.resume.counts.skipped.values())
        return work

    def _store_all(self, answers: Iterable[Answer]) -> None:
        batch: list[Step] = []
        ended: list[Ended] = []
        size = 0
        for answer in answers:
            if isinstance(answer, Increment):
                batch.append(self._step(answer))
                size += _weight(answer)
            else:
                ended += self._ended(answer)
            if size >= BATCH_BYTES or len(batch) + len(ended) >= BATCH_LOGS:
                self._store(batch, ended)
                batch, ended, size = [], [], 0
        self._store(batch, ended)

    def _step(self, one: Increment) -> Step:
        log = self._logs[one.number]
        holds_old = one.holds_old and one.number not in self._unsure
        return Step(log.tool, log.path, source_uuid(log.path, one.locator), self._versions[log.tool], holds_old, one)

    def _store(self, batch: list[Step], ended: list[Ended]) -> None:
        if batch:
            stored = self._writer.store(batch)
            self.report.add(stored.new, stored.updated, stored.gone)
        if ended:
            # Only now: a document counts as read when all of its threads are stored.
            finish(ended)
        if not (batch or ended):
            return
        self.report.transactions += bool(batch) + bool(ended)
        for step in batch:
            self._count(step.increment)
        if self._progress:
            self._progress(Progress(self._finished, len(self._logs), self._done, self._total))
        time.sleep(PAUSE)

    def _count(self, one: Increment) -> None:
        report, made = self.report, one.made
        report.events += made.frame.first + made.frame.count - made.first_event
        self._done += 0 if one.is_document else one.consumed - one.base
        if one.is_last:
            report.records_unknown += sum(made.counts.skipped.values()) - self._unknown_before.get(one.number, 0)
            if not one.is_document:
                self._count_source(one.bytes_read)

    def _count_source(self, bytes_read: int) -> None:
        self._finished += 1
        self.report.files_opened += 1
        self.report.bytes_read += bytes_read

    def _ended(self, answer: Contents | Failure) -> Iterator[Ended]:
        """Count a source that came to its end, and yield it if that is to be remembered."""
        log = self._logs[answer.number]
        if isinstance(answer, Contents):
            self._count_source(answer.bytes_read)
            self._done += log.size
        else:
            self._finished += 1
            self.report.failed += not answer.vanished
            self.report.warnings.append(sentence(log.path, answer.reason))
        if isinstance(answer, Contents) or answer.is_lasting:
            yield Ended(log.tool, log.path, self._versions[log.tool], answer)


def _weight(one: Increment) -> int:
    """Return about how many bytes of its source an increment stands for."""
    return one.made.frame.raw_offset + one.made.frame.raw_length if one.is_document else one.consumed - one.base
