"""The acceptance vectors of the handoff that are about the command; those about the summary are in `tests/handoff`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from handoff.management.actions.plain import FORMATS
from tests.commands.test_handoff import handoff
from tests.ingest.world import SESSION, World, said

pytestmark = pytest.mark.django_db

OTHER = "9" * 8 + SESSION[8:]
SIGNS: Mapping[str, Callable[[str], bool]] = {
    "text": lambda out: "Session Handoff" in out,
    "markdown": lambda out: "Session Handoff" in out,
    "json": lambda out: len(json.loads(out)) == 1,
    "jsonl": lambda out: json.loads(out.splitlines()[0])["session_id"] == SESSION,
    "hail": lambda out: "hail-1.0.0" in out,
    "stream": lambda out: json.loads(out.splitlines()[0])["type"] == "session_summary",
}


@pytest.fixture
def world(home: Path) -> World:
    world = World(home)
    world.write(said(9, "fix the login"))
    return world


def answered(number: int, words: str) -> dict[str, object]:
    message = {"role": "assistant", "id": "m1", "model": "m", "content": [{"type": "text", "text": words}]}
    return said(number) | {"type": "assistant", "message": message}


def test_it_knows_every_format() -> None:
    assert sorted(SIGNS) == FORMATS


@pytest.mark.parametrize("form", SIGNS)
def test_it_writes_every_format(world: World, form: str) -> None:
    assert SIGNS[form](handoff("--last", "--format", form)[0])


def test_it_takes_as_many_as_are_asked_for(world: World) -> None:
    world.write(said(1, "another", session=OTHER), session=OTHER)
    assert len(json.loads(handoff("--last", "2", "--format", "json")[0])) == 2
    assert len(json.loads(handoff()[0])) == 1


@pytest.mark.parametrize("flag", ["--validate", "--strict"])
def test_it_lets_warnings_pass(home: Path, flag: str) -> None:
    World(home).write(answered(0, "I have a plan."))
    out, errors = handoff("--last", flag)
    assert "Handoff validation: 0/1 passed" in errors
    assert '"type":"handoff_validation"' in errors
    assert json.loads(out)[0]["validation"]["passed"] is False
