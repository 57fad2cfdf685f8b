"""Formats without times have that of the file, which tells nothing about the session."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from parsers.base import DocumentParser
from parsers.registry import REGISTRY, parser_of
from sessions.ingest.documents import read_document
from sessions.ingest.work import Increment, KnownThread, Stat, Work
from sessions.models import Session, Strand
from tests.base import write_log
from tests.golden import FIXTURES, WRITTEN_AT, cases, laid_out
from tests.ingest.world import World, texts

DOCUMENTS = [tool.id for tool in REGISTRY if isinstance(parser_of(tool.id), DocumentParser)]

LATER = WRITTEN_AT + 1_000_000


@pytest.mark.parametrize("tool", DOCUMENTS)
def test_a_document_that_was_written_again_as_it_was_is_the_same(tool: str, tmp_path: Path) -> None:
    home = laid_out(tool, tmp_path)
    paths = [home / case.removesuffix(".sql") for case in cases(tool)]
    before = {path: stored(tool, path, {}) for path in paths}
    for file in home.rglob("*"):
        os.utime(file, (LATER, LATER))
    assert all(before.values())
    assert not any(stored(tool, path, known) for path, known in before.items())


def stored(tool: str, path: Path, known: dict[str, KnownThread]) -> dict[str, KnownThread]:
    """Return what is to be stored of a document, of whose threads some are known."""
    parser = parser_of(tool)
    assert isinstance(parser, DocumentParser)
    answers = read_document(Work(0, tool, str(path), Stat(0, 0, 0), known=known), parser)
    return {one.locator: KnownThread(0, one.tail) for one in answers if isinstance(one, Increment)}


@pytest.fixture
def document(world: World) -> Path:
    """Return a session that Continue keeps in a file, without a time in it."""
    made = FIXTURES / "continue" / "0f8b2a6e-1c3d-4e5f-8a9b-0c1d2e3f4a5b.json"
    target = world.home / ".continue" / "sessions" / made.name
    target.parent.mkdir(parents=True)
    return Path(shutil.copyfile(made, target))


def test_it_stores_nothing_when_only_the_time_of_the_file_changed(world: World, document: Path) -> None:
    world.index()
    before = Session.objects.get()
    os.utime(document, (LATER, LATER))
    report = world.index()
    assert (report.files_opened, len(report.updated)) == (1, 0)
    assert Session.objects.get().updated_at == before.updated_at
    assert Strand.objects.get().generation == 0


def test_it_still_stores_what_changed_in_the_words(world: World, document: Path) -> None:
    world.index()
    text = document.read_text()
    assert "cart" in text
    document.write_text(text.replace("cart", "basket"))
    world.index()
    assert Strand.objects.get().generation == 1


@pytest.mark.parametrize("order", [("told", "untold"), ("untold", "told")])
def test_a_copy_that_tells_its_times_is_preferred(world: World, order: tuple[str, str]) -> None:
    """The file of the other copy was written later than all that happened."""
    times = {"told": {"timestamp": "2026-03-01T10:00:00.000Z"}, "untold": {}}
    for name in order:
        record = {"role": "user", "message": {"content": [{"type": "text", "text": name}]}} | times[name]
        write_log(world.home, f".cursor/projects/{name}/agent-transcripts/1.jsonl", json.dumps(record).encode() + b"\n")
        world.index()
    session = Session.objects.get()
    assert texts(session) == ["told"]
    assert session.updated_at.isoformat() == "2026-03-01T10:00:00+00:00"
