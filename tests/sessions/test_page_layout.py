from __future__ import annotations

import re

import pytest

from sessions.pages import layout
from tests.factories import agent, append, edit, make_session, user

pytestmark = pytest.mark.django_db


def widths(path: str) -> list[tuple[int, float]]:
    """Return the column and height of each part of a drawing."""
    return [(int(x), float(height)) for x, height in re.findall(r"M(\d+) \S+h1v([\d.]+)h-1z", path)]


def test_it_draws_each_event_of_a_short_session() -> None:
    strand = make_session(user(), agent(), edit(), agent()).strands.get()
    paths = {path.flow: path for path in layout.flow(strand)}
    assert [path.count for path in paths.values()] == [1, 2, 1, 0]
    assert widths(paths["user"].path) == [(0, 100)]
    assert widths(paths["agent"].path) == [(1, 100), (3, 100)]
    assert widths(paths["tool"].path) == [(2, 100)]


def test_it_draws_a_long_session_from_the_counts_of_its_frames() -> None:
    filler = "x" * 2000
    strand = make_session(*(user(filler) if n < 500 else agent(filler) for n in range(1000))).strands.get()
    assert strand.frames.count() > layout.EXACT_FRAMES
    paths = {path.flow: path for path in layout.flow(strand)}
    half = layout.COLUMNS // 2
    assert (0, 100) in widths(paths["user"].path)
    assert (layout.COLUMNS - 1, 100) in widths(paths["agent"].path)
    assert max(column for column, _ in widths(paths["user"].path)) <= half + layout.COLUMNS // 8


def test_it_draws_nothing_for_nothing() -> None:
    strand = make_session().strands.get()
    strand.frames.all().delete()
    assert [path.path for path in layout.flow(strand)] == ["", "", "", ""]


def test_it_sees_what_was_appended() -> None:
    strand = make_session(user(), agent()).strands.get()
    assert layout.kinds(strand)["AgentMessage"] == 1
    append(strand, [agent()])
    assert layout.kinds(strand)["AgentMessage"] == 2
    assert sum(path.count for path in layout.flow(strand)) == 3
