from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from django.conf import settings
from pytest_django import DjangoAssertNumQueries
from zstandard import ZstdDecompressor

from opensession.hail import jsonl
from parsers import parse
from parsers.base import Amendment
from sessions import bodies
from sessions.models import Amendment as AmendmentRow
from sessions.models import RawCopy, Session, Strand
from tests.base import write_log
from tests.golden import FIXTURES
from tests.ingest.world import SESSION, World, ran, said

PARENT = "7a8b9c0d-1e2f-4a3b-8c4d-5e6f7a8b9c0d"


@pytest.fixture
def strand(world: World, monkeypatch: pytest.MonkeyPatch) -> Strand:
    monkeypatch.setattr("sessions.ingest.frames.FRAME_BYTES", 4_000)
    world.write(*[said(number, f"message {number} " + "word " * 50) for number in range(200)])
    world.index()
    return Strand.objects.get()


def test_it_gives_a_window(strand: Strand) -> None:
    assert [number for number, _ in bodies.window(strand, 77, 5)] == [77, 78, 79, 80, 81]
    assert bodies.window(strand, 77, 1)[0][1].event_id == f"{SESSION}-77"
    assert bodies.window(strand, 198, 10)[-1][0] == 199
    assert bodies.window(strand, 500, 10) == []


def test_a_window_costs_the_same_anywhere(strand: Strand, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for first in (0, 100, 190):
        with django_assert_num_queries(3):
            bodies.window(strand, first, 10)


def test_all_events_cost_the_same_however_many(
    strand: Strand, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert strand.frames.count() > 5
    with django_assert_num_queries(2):
        assert [number for number, _ in bodies.events(strand)] == list(range(200))


def test_all_events_are_as_later_lines_say(strand: Strand) -> None:
    for number, patch in ((199, {"late": 1}), (0, {"late": 1}), (120, {"late": 1}), (120, {"late": 2}), (121, None)):
        change = Amendment(number=number, attributes=patch or {}, dropped=patch is None)
        AmendmentRow.objects.create(strand=strand, number=number, patch=msgspec.msgpack.encode(change))
    found = dict(bodies.events(strand))
    assert {number: event.attributes["late"] for number, event in found.items() if "late" in event.attributes} == {
        0: 1,
        120: 2,
        199: 1,
    }
    assert sorted(set(range(200)) - set(found)) == [121]


def test_it_merges_subagents_as_the_parser_does(world: World) -> None:
    place = Path(".claude/projects/-code-shop")
    for log in sorted((FIXTURES / "claude-code").rglob("*")):
        if PARENT in str(log) and log.is_file() and not log.name.endswith(".hail.jsonl"):
            write_log(world.home, str(place / log.relative_to(FIXTURES / "claude-code")), log)
    world.index()
    session = Session.objects.get(hail_id=PARENT)
    expected = parse(world.home / place / f"{PARENT}.jsonl")
    assert list(bodies.merged(session)) == list(expected.events)
    assert (session.event_count, session.message_count) == (expected.stats.event_count, expected.stats.message_count)


def test_it_gives_readable_hail(strand: Strand) -> None:
    data = b"".join(bodies.raw(Session.objects.get()))
    read = jsonl.loads(data)
    assert (read.header.session_id, len(read.events), read.stats.user_message_count) == (SESSION, 200, 200)
    assert jsonl.dumps(read) == data


def test_it_keeps_raw_copies_when_asked(world: World) -> None:
    path = world.write(said(0), ran(1, "ls"))
    world.index(keep_raw=True)
    world.write(said(2))
    world.index(keep_raw=True)
    copies = RawCopy.objects.order_by("offset")
    assert [copy.offset for copy in copies] == [0, copies[0].length]
    folder = Path(settings.OPENSESSION_DATA_DIR) / "raw"
    kept = b"".join(_unpacked(folder / copy.digest[:2] / f"{copy.digest}.zst") for copy in copies)
    assert kept == path.read_bytes()


def test_it_keeps_no_raw_copy_unasked(world: World) -> None:
    world.write(said(0))
    world.index()
    assert not RawCopy.objects.exists()


def test_files_are_private(strand: Strand) -> None:
    body = Path(settings.OPENSESSION_DATA_DIR) / "bodies" / strand.body
    assert body.stat().st_mode & 0o077 == 0
    assert body.parent.stat().st_mode & 0o077 == 0
    assert body.parent.parent.stat().st_mode & 0o077 == 0


def _unpacked(path: Path) -> bytes:
    return bytes(ZstdDecompressor().decompress(path.read_bytes()))
