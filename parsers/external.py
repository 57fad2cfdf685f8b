"""Parsers of the user's own: a command that is given the path of a log and prints HAIL (`spec/parsers.md` 1.12).

The command runs with the rights of the user, so it comes from the user's own configuration and from nowhere else. It
runs without a shell, and no longer, and prints no more, than it may.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from opensession.hail import jsonl
from opensession.hail.model import Session
from parsers.base import Match, Output, ParseError, Sample, Thread
from parsers.places import Place

MAX_OUTPUT = 64 << 20
"""Bytes of HAIL that a command may print."""

MAX_SECONDS = 60.0
HEADER = 200
"""Bytes in which JSON Lines of HAIL say that they begin with a header; one JSON document does not."""
_CHUNK = 1 << 16
_LAST_WORDS = 300
"""Characters of its complaint that are passed on."""


class External(Struct, frozen=True):
    """A parser as it is configured. `seconds` is how long the command may take for one log."""

    name: str
    command: tuple[str, ...]
    glob: str
    seconds: float = MAX_SECONDS

    def place(self) -> Place:
        """Return where its logs lie."""
        root, _, pattern = self.glob.partition("/")
        return Place(root, pattern)


class ExternalParser:
    """Reads a log by running a command on it."""

    def __init__(self, configured: External) -> None:
        self._configured = configured
        self.tool = configured.name

    def recognises(self, sample: Sample) -> Match | None:
        """A command is run where its glob says so, never to find out what a file is."""
        return None

    @contextmanager
    def open(self, path: Path) -> Iterator[_Printed]:
        yield _Printed(self._session(path))

    def _session(self, path: Path) -> Session:
        data = _run(self._configured, path)
        try:
            return jsonl.loads(data) if b'"header"' in data[:HEADER] else jsonl.from_json(data)
        except (jsonl.HailError, msgspec.MsgspecError, RecursionError, UnicodeError) as error:
            raise ParseError(path, 0, f"{self._configured.command[0]} printed no HAIL: {error}") from error


class _Printed:
    """The session that a command printed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def threads(self) -> Mapping[str, str]:
        return {"": ""}

    def read(self, locator: str, out: Output) -> Thread:
        """Take over the events as they are; see `Document.read`."""
        for event in self._session.events:
            out.record(type(event.action).__name__)
            out.emit(event)
        return Thread(self._session.header)


def _run(configured: External, path: Path) -> bytes:
    """Return what the command prints for a log. Raises ParseError."""
    program = configured.command[0]
    try:
        process = subprocess.Popen(
            [*configured.command, str(path.absolute())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise ParseError(
            path, 0, f"{program} cannot be run ({error.strerror}); see [[parsers]] in the config"
        ) from error
    try:
        printed, complaint = _read(process, time.monotonic() + configured.seconds)
    except _TooMuch as error:
        raise ParseError(path, 0, f"{program} {error}") from None
    finally:
        _end(process)
    if process.returncode:
        said = complaint.decode("utf-8", "replace").strip()[-_LAST_WORDS:]
        raise ParseError(path, 0, f"{program} failed with exit code {process.returncode}: {said}")
    return printed


class _TooMuch(Exception):
    """A command took too long or printed too much."""


def _read(process: subprocess.Popen[bytes], deadline: float) -> tuple[bytes, bytes]:
    """Return all that the process prints, and the end of what it complains."""
    assert process.stdout
    assert process.stderr
    printed, complaint = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, printed)
        selector.register(process.stderr, selectors.EVENT_READ, complaint)
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                raise _TooMuch("took too long; raise `seconds` in the config if it needs more")
            for key, _ in ready:
                if data := os.read(key.fd, _CHUNK):
                    key.data.extend(data)
                else:
                    selector.unregister(key.fileobj)
            if len(printed) > MAX_OUTPUT:
                raise _TooMuch(f"printed more than {MAX_OUTPUT >> 20} MiB")
            del complaint[:-_CHUNK]
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise _TooMuch("did not end") from None
    return bytes(printed), bytes(complaint)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and whatever it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
