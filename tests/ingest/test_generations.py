"""A log that is read anew: by a better parser, on demand, or because another one took its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from parsers.base import MAIN
from sessions import bodies
from sessions.ingest.writer import Writer
from sessions.models import Session, Source, Strand
from tests.ingest.world import SESSION, World, said, texts

OTHER = "9d2c8f7a-0b1c-4d2e-8f3a-4b5c6d7e8f90"


class Killed(BaseException):
    """What a pass is ended by, at any moment."""


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Store logs of a few kilobytes in many transactions."""
    monkeypatch.setattr("sessions.ingest.growing.STEP", 2_000)
    monkeypatch.setattr("sessions.ingest.run.BATCH_BYTES", 2_000)


def write(world: World, session: str, count: int) -> Path:
    """Write a log of another session in the place of the one that is there."""
    path = world.log("notes")
    path.unlink(missing_ok=True)
    return world.write(*[said(number, "word " * 100, session) for number in range(count)], session="notes")


def stored() -> dict[str, int]:
    return {session.hail_id: len(list(bodies.merged(session))) for session in Session.objects.all()}


def killed_after(monkeypatch: pytest.MonkeyPatch, batches: int) -> None:
    """Let the next pass end after so many transactions."""
    store = Writer.store
    done: list[object] = []

    def storing(self: Writer, steps: object) -> object:
        if len(done) == batches:
            monkeypatch.setattr(Writer, "store", store)
            raise Killed
        done.append(steps)
        return store(self, steps)  # type: ignore[arg-type]

    monkeypatch.setattr(Writer, "store", storing)


def test_it_reads_from_the_start_what_an_older_parser_read(world: World) -> None:
    world.write(said(0), said(1))
    world.index()
    Source.objects.update(parser_version=0)
    Strand.objects.update(state=b"of another shape")
    report = world.index()
    assert (report.failed, report.events, texts(Session.objects.get())) == (0, 2, ["message 0", "message 1"])
    assert world.index().files_opened == 0


@pytest.mark.parametrize("full", [False, True])
def test_it_keeps_a_session_whose_place_another_took(world: World, full: bool) -> None:
    write(world, SESSION, 2)
    world.index()
    write(world, OTHER, 3)
    world.index()
    world.write(said(3, session=OTHER), session="notes")
    world.index(full=full)
    assert stored() == {SESSION: 2, OTHER: 4}


def test_it_keeps_a_session_whose_place_another_took_before_all_was_read_again(world: World) -> None:
    write(world, SESSION, 2)
    world.index()
    write(world, OTHER, 3)
    world.index(full=True)
    assert stored() == {SESSION: 2, OTHER: 3}


def test_a_session_whose_place_another_took_has_no_log(world: World) -> None:
    write(world, SESSION, 2)
    world.index()
    write(world, OTHER, 3)
    world.index()
    assert dict(Session.objects.values_list("hail_id", "source_missing")) == {SESSION: True, OTHER: False}


@pytest.mark.usefixtures("small_steps")
def test_it_reads_a_large_log_that_took_the_place_of_another(world: World) -> None:
    write(world, SESSION, 20)
    world.index()
    write(world, OTHER, 30)
    report = world.index()
    assert report.transactions > 2
    assert stored() == {SESSION: 20, OTHER: 30}


@pytest.mark.usefixtures("small_steps")
@pytest.mark.django_db(transaction=True)
def test_each_transaction_of_a_large_log_is_whole(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(home)
    write(world, SESSION, 20)
    world.index()
    write(world, OTHER, 30)
    killed_after(monkeypatch, batches=2)
    with pytest.raises(Killed):
        world.index()
    assert 0 < stored()[OTHER] < 30
    world.index()
    assert stored() == {SESSION: 20, OTHER: 30}
    assert world.index().files_opened == 0


@pytest.mark.usefixtures("small_steps")
def test_a_killed_pass_goes_on_with_a_reading_that_it_began(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    write(world, SESSION, 20)
    world.index()
    killed_after(monkeypatch, batches=2)
    with pytest.raises(Killed):
        world.index(full=True)
    assert stored() == {SESSION: 20}
    world.index()
    assert stored() == {SESSION: 20}
    assert Strand.objects.get(key=MAIN).generation == 1


@pytest.mark.usefixtures("small_steps")
def test_it_reads_a_large_log_whose_session_is_named_late(world: World) -> None:
    untold = [{key: value for key, value in said(number).items() if key != "sessionId"} for number in range(90)]
    world.write(*untold, said(90), session="notes")
    report = world.index()
    assert report.transactions > 2
    assert stored() == {SESSION: 91}
    assert (len(report.new), len(report.updated - report.new)) == (1, 0)
    assert world.index().files_opened == 0
