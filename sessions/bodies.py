"""The stored events of sessions: the only place that knows frames and `STORAGES["bodies"]`.

Events are numbered per strand. Amendments are folded in on every read; a dropped event leaves its number unused.
"""

from __future__ import annotations

import itertools
import logging
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, cast

import msgspec
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, storages
from zstandard import ZstdError

from opensession.hail import jsonl
from opensession.hail.model import Event, Header
from opensession.hail.stats import Tally
from parsers.base import MAIN, Amendment, LineParser
from parsers.merge import Strand as Thread
from parsers.merge import merged as merge
from parsers.registry import TOOLS, parser_of
from sessions.ingest import folders, frames
from sessions.models import Amendment as AmendmentRow
from sessions.models import Frame, Session, Strand
from sessions.stores import Store

logger = logging.getLogger(__name__)

Numbered = tuple[int, Event]

_header = msgspec.msgpack.Decoder(Header).decode
_tally = msgspec.msgpack.Decoder(Tally).decode
_amendment = msgspec.msgpack.Decoder(Amendment).decode
_NO_PATCHES: tuple[int, tuple[tuple[int, bytes], ...]] = (sys.maxsize, ())


class BodyMissing(Exception):
    """A body object is gone, too short or damaged; `manage.py fsck` tells what can be done."""


class Choice(Protocol):
    """Which part of a session somebody may read."""

    def shows(self, strand: Strand) -> bool: ...

    def kept(self, strand: Strand, events: Iterable[Numbered]) -> Iterable[Numbered]: ...


class Whole:
    """All of it."""

    def shows(self, strand: Strand) -> bool:
        return True

    def kept(self, strand: Strand, events: Iterable[Numbered]) -> Iterable[Numbered]:
        return events


WHOLE = Whole()


class Piece(NamedTuple):
    """Bytes for a body, and where in it they belong."""

    key: str
    offset: int
    data: bytes


def header(strand: Strand) -> Header:
    return _header(bytes(strand.header))


def tally(strand: Strand) -> Tally:
    return _tally(bytes(strand.tally))


def window(strand: Strand, first: int, count: int) -> list[Numbered]:
    """Return the events numbered from `first` to `first + count - 1`. Reads only the frames that hold them."""
    wanted = Frame.objects.filter(strand=strand, first__lt=first + count, first__gte=_frame_start(strand, first))
    found = _folded(strand, wanted.order_by("n"), first, first + count)
    return [(number, event) for number, event in found if first <= number < first + count]


def in_frames(strand: Strand, chosen: Iterable[Frame]) -> Iterator[Numbered]:
    """Yield the events of the chosen frames, in order."""
    for frame in chosen:
        yield from _folded(strand, [frame], frame.first, frame.first + frame.count)


def events(strand: Strand) -> Iterator[Numbered]:
    """Yield all events of a strand; holds one frame at a time. Asks twice, however many frames there are."""
    rows = AmendmentRow.objects.filter(strand=strand).order_by("number", "pk").values_list("number", "patch")
    later = itertools.groupby(rows.iterator(), itemgetter(0))
    number, patches = next(later, _NO_PATCHES)
    for frame in Frame.objects.filter(strand=strand).order_by("n").iterator(chunk_size=16):
        found: dict[int, list[Amendment]] = {}
        while number < frame.first + frame.count:
            found[number] = [_amendment(bytes(patch)) for _, patch in patches]
            number, patches = next(later, _NO_PATCHES)
        yield from _patched(strand, frame, found, frame.first, frame.first + frame.count)


def since(strand: Strand, first: int, frames: int) -> Iterator[Numbered]:
    """Yield the events from `first` on, out of at most so many frames; holds one at a time."""
    wanted = Frame.objects.filter(strand=strand, first__gte=_frame_start(strand, first)).order_by("n")
    found = in_frames(strand, wanted[:frames].iterator(chunk_size=1))
    return ((number, event) for number, event in found if number >= first)


def merged(session: Session, choice: Choice = WHOLE) -> Iterator[Event]:
    """Yield all events of a session: its strands merged by time, each subagent between its start and end."""
    main, threads = None, []
    for strand in filter(choice.shows, session.strands.filter(is_live=True).order_by("key")):
        if strand.key == MAIN:
            main = strand
        else:
            threads.append(_thread(strand, choice))
    return merge(_bare(main, choice) if main else iter(()), threads)


def raw(session: Session) -> Iterator[bytes]:
    """Yield the session as HAIL JSONL, line by line: generated header, events, generated stats."""
    return jsonl.write(session_header(session), merged(session))


def session_header(session: Session) -> Header:
    """Return the header of the main strand, or of the first one where the main log is gone."""
    strands = session.strands.filter(is_live=True).order_by("key")
    strand = strands.filter(key=MAIN).first() or strands.first()
    if strand is None:
        raise BodyMissing(f"session {session.pk} has no events stored; run `manage.py index --full`")
    return header(strand)


def store() -> Store:
    """Return where bodies are kept."""
    return cast(Store, storages["bodies"])


def append(pieces: Sequence[Piece]) -> None:
    """Write pieces behind the closed frames of their bodies, and sync them. Rows may refer to them afterwards.

    Only files grow: in a bucket a body is written whole.
    """
    storage = storages["bodies"]
    by_key: dict[str, list[Piece]] = defaultdict(list)
    for piece in pieces:
        by_key[piece.key].append(piece)
    for key, own in by_key.items():
        _append_file(Path(storage.path(key)), own)


def write(key: str, content: BinaryIO) -> None:
    """Write a whole body under a key that was never used, and sync it. Rows may refer to it afterwards."""
    storage = storages["bodies"]
    if storage.save(key, File(content)) != key:
        raise FileExistsError(f"body {key} was there already")
    if isinstance(storage, FileSystemStorage):
        folders.sync_file(Path(storage.path(key)))


def names(older_than: datetime) -> Iterator[str]:
    """Yield the keys of all bodies that were written before."""
    storage = storages["bodies"]
    for folder in storage.listdir("")[0]:
        for file in storage.listdir(folder)[1]:
            key = f"{folder}/{file}"
            if file.endswith(".zst") and storage.get_modified_time(key) <= older_than:
                yield key


def delete(keys: Iterable[str]) -> None:
    """Remove body objects that no row refers to any more."""
    storage = storages["bodies"]
    for key in keys:
        if key:
            storage.delete(key)


def _append_file(path: Path, pieces: Sequence[Piece]) -> None:
    folders.make_private(path.parent)
    is_new = not path.exists()
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # What lies behind the last closed frame is left over from a crash: no row refers to it.
        if os.fstat(file).st_size > pieces[0].offset:
            os.ftruncate(file, pieces[0].offset)
        for piece in pieces:
            _write_all(file, piece.data, piece.offset)
        os.fsync(file)
    finally:
        os.close(file)
    if is_new:
        folders.sync(path.parent)


def _write_all(file: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        done = os.pwrite(file, view, offset)
        view, offset = view[done:], offset + done


def _thread(strand: Strand, choice: Choice) -> Thread:
    known, totals = header(strand), tally(strand)
    return Thread(
        key=strand.key,
        title=known.context.title or strand.key,
        model=known.agent.model,
        count=strand.events,
        first=totals.first,
        last=totals.last,
        events=_bare(strand, choice),
    )


def _bare(strand: Strand, choice: Choice) -> Iterator[Event]:
    numbered = chain(events(strand), enumerate(closings(strand), strand.events))
    return (event for _, event in choice.kept(strand, numbered))


def closings(strand: Strand) -> Sequence[Event]:
    """Return the events behind the stored ones, which nothing but the end of the log makes: they may change."""
    source = strand.source
    # `TOOLS` does not name the user's own parsers; those read whole documents, which leave nothing open.
    parser = parser_of(source.tool) if source and source.tool in TOOLS else None
    if source is None or not isinstance(parser, LineParser):
        return ()
    reader = parser.reader(Path(source.path))
    try:
        reader.state = msgspec.msgpack.decode(bytes(strand.state), type=type(reader.state))
    except msgspec.MsgspecError:
        # An older parser left it, and the log is gone since.
        logger.warning("the state of strand %s cannot be read; what its log left open stays open", strand.pk)
        return ()
    return reader.closings()


def _frame_start(strand: Strand, number: int) -> int:
    """Return the number of the first event of the frame that holds `number`."""
    holding = Frame.objects.filter(strand=strand, first__lte=number).order_by("-n").values_list("first", flat=True)
    return holding.first() or 0


def _folded(strand: Strand, chosen: Iterable[Frame], first: int, stop: int) -> Iterator[Numbered]:
    patches = _patches(strand, first, stop)
    for frame in chosen:
        yield from _patched(strand, frame, patches, first, stop)


def _patched(
    strand: Strand, frame: Frame, patches: Mapping[int, Sequence[Amendment]], first: int, stop: int
) -> Iterator[Numbered]:
    for number, line in enumerate(lines(strand, frame), frame.first):
        if not line or not first <= number < stop:
            continue
        event: Event | None = jsonl.event(line)
        if number in patches:
            event = _amended(event, patches[number])
        if event:
            yield number, event


def _amended(event: Event | None, patches: Sequence[Amendment]) -> Event | None:
    for patch in patches:
        event = patch.fold(event) if event else None
    return event


def _patches(strand: Strand, first: int, stop: int) -> dict[int, list[Amendment]]:
    found: dict[int, list[Amendment]] = defaultdict(list)
    rows = AmendmentRow.objects.filter(strand=strand, number__gte=first, number__lt=stop).order_by("pk")
    for number, patch in rows.values_list("number", "patch"):
        found[number].append(_amendment(bytes(patch)))
    return found


def lines(strand: Strand, frame: Frame) -> list[bytes]:
    """Return the event lines of a frame; an empty one was dropped. Raises BodyMissing."""
    try:
        return frames.lines(packed_bytes(strand, frame))
    except ZstdError as error:
        raise BodyMissing(
            f"body {strand.body} of session {strand.session_id} is damaged in frame {frame.n} ({error});"
            " run `manage.py fsck`"
        ) from error


def packed_bytes(strand: Strand, frame: Frame) -> bytes:
    """Return a frame as it was packed. Raises BodyMissing."""
    if frame.data is not None:
        return bytes(frame.data)
    try:
        data = store().read_part(strand.body, frame.offset, frame.length)
    except FileNotFoundError:
        data = b""
    if len(data) < frame.length:
        raise BodyMissing(
            f"body {strand.body} of session {strand.session_id} lacks frame {frame.n}; run `manage.py fsck`"
        )
    return data
