"""What goes to the processes that parse, and what comes back. Values only; they cross as msgpack."""

from __future__ import annotations

from msgspec import Struct, field

from opensession.hail.model import Header
from opensession.hail.stats import Tally
from parsers.base import Amendment, Output
from parsers.external import External
from parsers.shapes import Shapes, merged
from sessions.ingest.frames import Packed


class Counts(Struct, array_like=True):
    """Records of a source by kind: all of them, those not understood, those that give no event on purpose.

    `shapes` tells which fields they have.
    """

    kinds: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    ignored: dict[str, int] = field(default_factory=dict)
    shapes: Shapes = field(default_factory=dict)

    @property
    def records(self) -> int:
        return sum(self.kinds.values())

    def plus(self, out: Output) -> Counts:
        """Return the counts with those of `out` added."""
        return Counts(
            summed(self.kinds, out.kinds),
            summed(self.skipped, out.skipped),
            summed(self.ignored, out.ignored),
            merged(self.shapes, out.shapes),
        )


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
    counts: Counts


class KnownThread(Struct, array_like=True):
    """What is stored of a document's thread: its generation, and a digest of it with its mark (`Document.threads`)."""

    generation: int
    tail: bytes


class Stat(Struct, array_like=True):
    """A log's size (bytes), mtime (ns) and inode, as they were before it was read."""

    size: int
    mtime_ns: int
    inode: int


class Work(Struct, array_like=True):
    """A source to read.

    A log goes on from where `resume` left off, or starts afresh as `generation`. Of a document only those threads are
    read that differ from the `known` ones by locator; `anew` has all of them read. `stat` is how it was found. An
    `external` parser reads it in place of the tool's own.
    """

    number: int
    tool: str
    path: str
    stat: Stat
    generation: int = 0
    resume: Resume | None = None
    known: dict[str, KnownThread] = {}
    external: External | None = None
    anew: bool = False
    keep_raw: bool = False


class RawRun(Struct, array_like=True):
    """A run of the source's own bytes, compressed; `digest` is their SHA-256 in hex."""

    offset: int
    length: int
    digest: str
    data: bytes


class Made(Struct, array_like=True):
    """What was made of a part of a source. `words` are the texts for full-text search by event number."""

    header: Header
    tally: Tally
    closed: list[Packed]
    frame: Packed
    amendments: list[Amendment]
    first_event: int
    words: list[tuple[int, str]]
    own_words: str
    counts: Counts


class Increment(Struct, array_like=True):
    """What was read of a strand between the offsets `base` and `consumed`: a consistent step, stored whole.

    Offsets are bytes in a log; of a document's thread, named by `locator`, all is read at once and `consumed` is the
    number of its events. `tail` tells later whether the source still holds what was read. `holds_old` tells that a log
    still holds what older generations of it gave. `is_last` ends the strand, and the work when the source is a log.
    """

    number: int
    stat: Stat
    strand: str
    generation: int
    base: int
    consumed: int
    tail: bytes
    state: bytes
    made: Made
    raw: list[RawRun]
    bytes_read: int
    holds_old: bool
    is_last: bool
    locator: str = ""
    is_document: bool = False


class Contents(Struct, array_like=True):
    """The locators of all threads of a document. Ends its work.

    `moved` are the tails of the threads that have another mark than before, and are what they were.
    """

    number: int
    stat: Stat
    locators: list[str]
    bytes_read: int
    moved: dict[str, bytes] = {}


class Failure(Struct, array_like=True):
    """A source that could not be read, and why. Ends the work.

    `is_lasting` tells that reading the same bytes again would fail again.
    """

    number: int
    reason: str
    stat: Stat
    vanished: bool = False
    is_lasting: bool = False


Answer = Increment | Contents | Failure


def summed(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {kind: one.get(kind, 0) + other.get(kind, 0) for kind in (one | other)} if one else dict(other)
