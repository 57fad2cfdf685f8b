"""What goes to the processes that parse, and what comes back. Values only; they cross as msgpack."""

from __future__ import annotations

from msgspec import Struct

from opensession.hail.model import Header
from opensession.hail.stats import Tally
from parsers.base import Amendment
from sessions.ingest.frames import Packed


class Resume(Struct, array_like=True):
    """Where reading a strand stopped. `seen` holds the CRC-32 of all its event ids, `tail` a digest (`tail_digest`)."""

    session_id: str
    generation: int
    consumed: int
    tail: bytes
    state: bytes
    tally: Tally
    title: str
    frame: Packed
    seen: bytes
    records: int
    skipped: dict[str, int]


class Work(Struct, array_like=True):
    """A log to read, from its start or from where `resume` left off. `generation` is that of a fresh start."""

    number: int
    tool: str
    path: str
    generation: int
    resume: Resume | None = None
    keep_raw: bool = False


class RawRun(Struct, array_like=True):
    """A run of the log's own bytes, compressed; `digest` is their SHA-256 in hex."""

    offset: int
    length: int
    digest: str
    data: bytes


class Stat(Struct, array_like=True):
    """The log's size (bytes), mtime (ns) and inode, as they were when it was opened."""

    size: int
    mtime_ns: int
    inode: int


class Increment(Struct, array_like=True):
    """What was read of a strand between the byte offsets `base` and `consumed`: a consistent step, stored whole.

    `words` are the texts for full-text search by event number. `holds_old` tells that the log still holds what older
    generations of it gave. `is_last` ends the work.
    """

    number: int
    stat: Stat
    strand: str
    generation: int
    base: int
    consumed: int
    tail: bytes
    header: Header
    state: bytes
    tally: Tally
    closed: list[Packed]
    frame: Packed
    amendments: list[Amendment]
    first_event: int
    words: list[tuple[int, str]]
    own_words: str
    records: int
    skipped: dict[str, int]
    raw: list[RawRun]
    bytes_read: int
    holds_old: bool
    is_last: bool


class Failure(Struct, array_like=True):
    """A log that could not be read, and why. Ends the work."""

    number: int
    reason: str
    vanished: bool = False
