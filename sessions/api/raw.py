"""The HAIL of a session, as a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

CHUNK = 64 * 1024
"""Bytes that are sent at once: a line each would cost a system call for every event."""


def begun(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Return the lines, of which the first two are read: what is damaged should fail before the answer begins."""
    rest = iter(lines)
    return chain(list(islice(rest, 2)), rest)


def chunks(lines: Iterable[bytes]) -> Iterator[bytes]:
    waiting, size = [], 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)
