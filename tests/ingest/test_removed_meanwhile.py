"""A person removes a session in the browser while a pass is under way that has read its log already."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sessions.ingest.writer import Writer
from sessions.models import Session
from sessions.services import forget, remove, restore
from tests.ingest.world import SESSION, World, said, texts


@pytest.fixture
def index_while(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that indexes, and does something before what was read is stored."""
    store = Writer.store

    def index(act: Callable[[], object], full: bool = False) -> None:
        def storing(self: Writer, steps: object) -> object:
            act()
            return store(self, steps)  # type: ignore[arg-type]

        with monkeypatch.context() as patched:
            patched.setattr(Writer, "store", storing)
            world.index(full)

    return index


@pytest.mark.parametrize("full", [False, True])
def test_it_stays_removed(world: World, index_while: Callable[..., None], full: bool) -> None:
    world.write(said(0))
    world.index()
    world.write(said(1))
    index_while(lambda: remove(session=Session.objects.get()), full)
    world.index()
    assert not Session.objects.exists()


def test_it_comes_back_after_it_was_forgotten(world: World, index_while: Callable[..., None]) -> None:
    world.write(said(0))
    world.index()
    world.write(said(1))
    index_while(lambda: forget(session=Session.objects.get()))
    world.index()
    assert texts(Session.objects.get()) == ["message 0", "message 1"]
    assert world.index().files_opened == 0


def test_it_comes_back_after_it_was_restored(world: World, index_while: Callable[..., None]) -> None:
    world.write(said(0))
    world.index()
    remove(session=Session.objects.get())
    index_while(lambda: restore(reference=SESSION))
    world.index()
    assert texts(Session.objects.get()) == ["message 0"]
