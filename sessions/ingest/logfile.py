"""An open log: its bytes as a stream, and what tells whether it is still the log that was read. Knows no Django."""

from __future__ import annotations

import hashlib
import os
from stat import S_ISREG
from typing import IO, Self, cast

from zstandard import ZstdDecompressionReader, ZstdDecompressor

from parsers.base import ParseError
from parsers.strand import PACKED, most_unpacked
from sessions.ingest.work import Stat

TAIL = 2048
"""Bytes before the offset whose digest is kept. They are read twice per visit: once to check, once to keep anew."""


_MORE = 4096
"""Bytes that are asked for beyond the size that a log had. Memory is set aside for all that is asked for."""


class LogFile:
    """A log opened once. `bytes_read` counts what was read of the file itself.

    Raises OSError when it cannot be opened or is reached through a link, ParseError when it is no regular file.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = _File(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC))
        stat = os.fstat(self._file.descriptor)
        if not S_ISREG(stat.st_mode):
            os.close(self._file.descriptor)
            raise ParseError(path, 0, "is not a regular file")
        self.stat = Stat(stat.st_size, stat.st_mtime_ns, stat.st_ino)
        self._at = 0
        self._unpacked = _unpacked(self._file) if path.endswith(PACKED) else None

    @property
    def bytes_read(self) -> int:
        return self._file.bytes_read

    @property
    def is_compressed(self) -> bool:
        return self._unpacked is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        os.close(self._file.descriptor)

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int) -> None:
        self._at = offset

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes from the current position, unpacked if the log is compressed."""
        data = self._unpacked.read(size) if self._unpacked else self.raw(self._at, min(size, self._left() + _MORE))
        self._at += len(data)
        if self.is_compressed and self._at > (most := most_unpacked(self.stat.size)):
            raise ParseError(self._path, 0, f"unpacks to more than {most} bytes")
        return data

    def _left(self) -> int:
        return max(0, self.stat.size - self._at)

    def raw(self, offset: int, size: int) -> bytes:
        """Return up to `size` bytes of the file as it is."""
        return self._file.at(offset, size)

    def tail(self, offset: int) -> bytes:
        """Return the digest of the bytes before `offset`."""
        size = min(TAIL, offset)
        return hashlib.blake2b(self.raw(offset - size, size), digest_size=16).digest()

    def is_still(self, consumed: int, tail: bytes) -> bool:
        """Tell whether the log still holds, before the offset `consumed`, what `tail` was made of."""
        return not self.is_compressed and self.stat.size >= consumed and self.tail(consumed) == tail


class _File:
    """An open file that counts what is read of it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.bytes_read = 0

    def at(self, offset: int, size: int) -> bytes:
        data = os.pread(self.descriptor, size, offset)
        self.bytes_read += len(data)
        return data


class _Stream:
    """A file's own bytes in order, for the decompressor.

    It must not know the log that owns the decompressor: such a cycle is never freed.
    """

    def __init__(self, file: _File) -> None:
        self._file, self._at = file, 0

    def read(self, size: int) -> bytes:
        data = self._file.at(self._at, size)
        self._at += len(data)
        return data


def _unpacked(file: _File) -> ZstdDecompressionReader:
    return ZstdDecompressor().stream_reader(cast(IO[bytes], _Stream(file)), read_across_frames=True)
