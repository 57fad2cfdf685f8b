"""The law of storage: a log indexed in pieces is stored as one that was indexed whole."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from parsers.discover import tool_of
from sessions.ingest import frames
from sessions.models import Amendment, Frame, Session
from tests.ingest.world import World, answered, everything, ran, said

PLACES = {"claude-code": ".claude/projects/p/{name}{number}.jsonl", "codex": ".codex/sessions/rollout-{number}.jsonl"}


@pytest.fixture(autouse=True)
def small_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Close frames early, so that logs of a few lines have many."""
    monkeypatch.setattr(frames, "FRAME_BYTES", 4_000)
    monkeypatch.setattr("sessions.ingest.growing.STEP", 20_000)


def test_it_stores_the_same_in_pieces(world: World) -> None:
    records = [record for number in range(0, 60, 3) for record in _round(number)]
    world.write(*records)
    world.index()
    whole = everything()
    Session.objects.all().delete()
    world.log().unlink()
    for record in records:
        world.write(record)
        world.index()
    assert everything() == whole
    assert Frame.objects.count() > 3


def test_it_amends_an_event_in_a_closed_frame(world: World) -> None:
    world.write(ran(0, "make test"), *[said(number, "padding " * 200) for number in range(1, 9)])
    world.index()
    world.write(answered(9, 0, "Exit code 2\nfailed", is_error=True))
    world.index()
    assert Amendment.objects.filter(number=0).exists()
    assert '"exit_code":2' in next(iter(everything().values()))[-1].decode().splitlines()[1]
    assert Session.objects.get().has_errors


@pytest.mark.parametrize("tool", ["claude-code", "codex"])
def test_it_stores_real_logs_the_same_in_pieces(world: World, corpus: Path, tool: str) -> None:
    chance = random.Random(7)
    real = sorted(corpus.joinpath("files", tool).rglob("*.jsonl"), key=lambda path: path.stat().st_size)
    for number, source in enumerate(chance.sample(real, 12)):
        place = {
            "claude-code": f".claude/projects/p/{source.stem}{number}.jsonl",
            "codex": ".codex/sessions/rollout-{}.jsonl",
        }
        target = world.home / place[tool].format(number)
        target.parent.mkdir(parents=True, exist_ok=True)
        content = source.read_bytes()
        target.write_bytes(content)
        assert tool_of(str(target), world.home, {}) == (tool, str(target))
        world.index()
        whole = everything()
        Session.objects.all().delete()
        target.unlink()
        for cut in sorted(chance.randrange(len(content)) for _ in range(6)):
            target.write_bytes(content[:cut])
            world.index()
        target.write_bytes(content)
        world.index()
        assert everything() == whole, source
        Session.objects.all().delete()
        target.unlink()


def _round(number: int) -> list[dict[str, object]]:
    return [
        said(number, f"please do {number} " + "word " * 50),
        ran(number + 1, f"make step-{number}"),
        answered(number + 2, number + 1, "Exit code 1\nbroken" if number % 2 else "done", is_error=bool(number % 2)),
    ]
