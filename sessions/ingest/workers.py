"""Processes that parse logs while the caller writes. They import no Django, so they stay small."""

from __future__ import annotations

import gc
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import msgspec

from sessions.ingest.reading import read
from sessions.ingest.work import Answer, Contents, Failure, Increment, Work

ROOM = 24 << 20
"""Bytes of answers that wait in memory at most."""

AHEAD = 48
"""Logs given to a process at a time, so that it never waits for the next one. A log to be resumed goes to an idle
process only: its state may be larger than a pipe holds, and a process that is sending would not take it."""

GARBAGE = 100_000
"""Containers that are made before the collector looks for cycles again. Values form none; looking after every 700, as
Python does by itself, took a sixth of the time."""

_KINDS = (Increment, Contents, Failure)
_encode = msgspec.msgpack.encode
_decode_work = msgspec.msgpack.Decoder(Work).decode
_Message = tuple[Increment | None, Contents | None, Failure | None]
_decode_answer = msgspec.msgpack.Decoder(_Message).decode


READY = b""
"""What a process sends before anything else."""


class WorkerDied(Exception):
    """A parsing process ended before it could read anything."""


def serve(pipe: Connection) -> None:
    """Read the logs that come through `pipe` until it closes. Runs in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The caller stops us by closing the pipe.
    gc.set_threshold(GARBAGE)
    try:
        pipe.send_bytes(READY)
        while True:
            for answer in read(_decode_work(pipe.recv_bytes())):
                pipe.send_bytes(_encode([answer if isinstance(answer, kind) else None for kind in _KINDS]))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


class Crew:
    """A number of parsing processes. Leaving the context ends them.

    One that ends over a log is replaced; `lost` are the numbers of such logs, of which not all answers came.
    """

    def __init__(self, size: int) -> None:
        self.lost: list[int] = []
        self._given: dict[Connection, dict[int, Work]] = {}
        self._ready: set[Connection] = set()
        self._processes: dict[Connection, BaseProcess] = {}
        self._works: Iterator[Work] = iter(())
        self._waiting: deque[Work] = deque()
        self._inbox = _Inbox()
        for _ in range(size):
            self._start()

    def _start(self) -> Connection:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        self._given[ours] = {}
        self._processes[ours] = process
        threading.Thread(target=self._inbox.fill, args=(ours,), daemon=True).start()
        return ours

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *raised: object) -> None:
        self._inbox.close()
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            process.join()

    def read(self, works: Iterable[Work]) -> Iterator[Answer]:
        """Yield what the processes make of the logs, as it comes; the increments of one log come in order.

        Raises WorkerDied when a process cannot even start.
        """
        self._works = iter(works)
        for pipe in self._given:
            self._fill(pipe)
        while any(self._given.values()):
            pipe, message = self._inbox.take()
            if message is None:
                self._replace(pipe)
                continue
            if message == READY:
                self._ready.add(pipe)
                continue
            answer = next(each for each in _decode_answer(message) if each is not None)
            if ends(answer):
                del self._given[pipe][answer.number]
                self._fill(pipe)
            yield answer

    def _fill(self, pipe: Connection) -> None:
        given = self._given[pipe]
        while (work := self._upcoming()) and len(given) < (1 if work.resume else AHEAD):
            given[work.number] = self._waiting.popleft()
            try:
                pipe.send_bytes(_encode(work))
            except (BrokenPipeError, ConnectionResetError):
                return  # Its process ended, as the inbox will tell.

    def _upcoming(self) -> Work | None:
        if not self._waiting:
            self._waiting.extend(islice(self._works, 1))
        return self._waiting[0] if self._waiting else None

    def _replace(self, pipe: Connection) -> None:
        """Start another process in place of one that ended. It was reading the first of the logs given to it."""
        given = list(self._given.pop(pipe).values())
        self._processes.pop(pipe).join()
        pipe.close()
        if pipe not in self._ready:
            raise WorkerDied("a parsing process ended as it started; is there memory left? Run the command again")
        self.lost += [work.number for work in given[:1]]
        self._waiting.extendleft(reversed(given[1:]))
        self._fill(self._start())


class _Inbox:
    """Messages received and not yet taken, up to `ROOM` bytes, so that the processes go on while a batch is stored."""

    def __init__(self) -> None:
        self._messages: deque[tuple[Connection, bytes | None]] = deque()
        self._held = 0
        self._closed = False
        self._changed = threading.Condition()

    def fill(self, pipe: Connection) -> None:
        """Receive from `pipe` until it ends; then put None."""
        while not self._closed:
            message = _received(pipe)
            with self._changed:
                self._changed.wait_for(lambda: self._held < ROOM or self._closed)
                self._messages.append((pipe, message))
                self._held += len(message or b"")
                self._changed.notify_all()
            if message is None:
                return

    def take(self) -> tuple[Connection, bytes | None]:
        with self._changed:
            self._changed.wait_for(lambda: bool(self._messages))
            pipe, message = self._messages.popleft()
            self._held -= len(message or b"")
            self._changed.notify_all()
        return pipe, message

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def ends(answer: Answer) -> bool:
    """Tell whether this is the last answer about a source."""
    return not isinstance(answer, Increment) or (answer.is_last and not answer.is_document)


def _received(pipe: Connection) -> bytes | None:
    try:
        return pipe.recv_bytes()
    except (EOFError, OSError):
        return None
