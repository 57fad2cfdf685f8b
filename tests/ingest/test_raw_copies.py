"""The agents' own bytes, kept when asked: whole, once, and for as long as the session is wanted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from pytest_django import DjangoCaptureOnCommitCallbacks
from zstandard import ZstdDecompressor

from sessions.ingest import rawstore
from sessions.models import RawCopy, Session
from sessions.services import forget, remove
from tests.ingest.world import World, said


@pytest.fixture
def committed(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Callable[..., None]:
    """Return a function that does something with a session, and what is due after the commit."""

    def commit(act: Callable[..., None], session: Session) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            act(session=session)

    return commit


def kept() -> bytes:
    return b"".join(
        ZstdDecompressor().decompress(rawstore.path(copy.digest).read_bytes())
        for copy in RawCopy.objects.order_by("generation", "offset")
    )


def files() -> list[Path]:
    return [path for path in (Path(settings.OPENSESSION_DATA_DIR) / "raw").rglob("*") if path.is_file()]


def test_it_keeps_a_line_that_was_truncated_first(world: World) -> None:
    path = world.write(said(0))
    whole = path.read_bytes()
    for content in (whole, whole + whole[:20], whole + whole[:40], whole + whole):
        path.write_bytes(content)
        world.index(keep_raw=True)
    assert kept() == whole + whole


def test_it_keeps_a_log_that_had_no_event_at_first(world: World) -> None:
    path = world.write({"type": "summary", "summary": "nothing yet"})
    world.index(keep_raw=True)
    world.write(said(0))
    world.index(keep_raw=True)
    assert kept() == path.read_bytes()


@pytest.mark.parametrize("act", [remove, forget])
def test_it_removes_the_copies_of_a_removed_session(
    world: World, act: Callable[..., None], committed: Callable[..., None]
) -> None:
    world.write(said(0))
    world.index(keep_raw=True)
    committed(act, Session.objects.get())
    assert not RawCopy.objects.exists()
    assert files() == []


def test_it_keeps_nothing_of_a_removed_session_again(world: World) -> None:
    world.write(said(0))
    world.index()
    remove(session=Session.objects.get())
    world.index(keep_raw=True)
    world.write(said(1))
    world.index(keep_raw=True)
    assert files() == []


def test_it_keeps_what_another_session_still_needs(world: World, committed: Callable[..., None]) -> None:
    untold = {key: value for key, value in said(0).items() if key != "sessionId"}
    path = world.write(untold, session="one")
    world.write(untold, session="other")
    world.index(keep_raw=True)
    assert len(files()) == 1
    committed(forget, Session.objects.get(hail_id="other"))
    assert kept() == path.read_bytes()


def test_it_reads_a_forgotten_session_again(world: World) -> None:
    path = world.write(said(0))
    world.index(keep_raw=True)
    forget(session=Session.objects.get())
    world.index(keep_raw=True)
    assert kept() == path.read_bytes()


def test_it_mends_a_copy_that_a_crash_cut_short(world: World, committed: Callable[..., None]) -> None:
    path = world.write(said(0))
    world.index(keep_raw=True)
    (copy,) = files()
    assert all(path.stat().st_mode & 0o077 == 0 for path in (copy, copy.parent, copy.parent.parent))
    committed(forget, Session.objects.get())
    # A crash leaves a file under another name, never half of one under its own.
    copy.with_name(f"{copy.name}.part").write_bytes(b"half")
    world.index(keep_raw=True)
    assert kept() == path.read_bytes()
    assert files() == [copy]
