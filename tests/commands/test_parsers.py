from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.ingest.world import World, said

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("parsers", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def world(home: Path) -> World:
    """Return a home with one session, indexed, in which one record of three is of an unknown kind."""
    world = World(home)
    world.write(said(1), {"type": "mode"}, {"type": "brand-new"})
    world.index()
    return world


def test_it_works(world: World) -> None:
    shown = run()
    assert "claude-code" in shown
    assert "66.67%" in shown
    assert "2.0.1" in shown
    assert "codex" not in shown


def test_it_tells_all_about_one_tool(world: World) -> None:
    shown = run("claude-code")
    assert "Not understood:\n           1  brand-new" in shown
    assert "on purpose:\n           1  mode" in shown


def test_it_lists_all_tools_with_nothing_indexed(home: Path) -> None:
    assert "No logs of any agent" in run()
    assert "codex" in run("--all")


def test_its_shape_changes_with_a_new_kind_of_record(world: World) -> None:
    before = json.loads(run("--json"))["shape"]
    world.write({"type": "even-newer"})
    world.index()
    assert json.loads(run("--json"))["shape"] != before


def test_its_shape_changes_with_a_new_field(world: World) -> None:
    before = json.loads(run("--json"))["shape"]
    world.write(said(2) | {"mood": "fine"})
    world.index()
    assert json.loads(run("--json"))["shape"] != before


def test_it_tells_the_fields_and_the_version_that_they_came_with(world: World) -> None:
    world.write(said(1, session="later") | {"mood": "fine", "version": "2.0.10"}, session="later")
    world.index()
    shown = run("claude-code")
    assert "mood text" in shown
    assert "Fields first seen in version 2.0.10:\n  user\n    mood text\n" in shown
    fields = json.loads(run("claude-code", "--json"))["fields"]
    assert {"kind": "user", "name": "mood", "types": "text", "new_in": "2.0.10", "last_in": ""} in fields
    assert "fine" not in json.dumps(fields)


def test_it_gathers_fields_over_several_visits_of_a_log(world: World) -> None:
    for number, mood in ((2, "fine"), (3, None)):
        world.write(said(number) | {"mood": mood})
        world.index()
    assert "mood null|text" in run("claude-code")


def test_it_names_what_cannot_be_read(home: Path) -> None:
    broken = home / ".codex" / "sessions" / "rollout-1.jsonl.zst"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"not packed")
    World(home).index()
    assert "1 cannot be read" in run()
    assert str(broken) in run("codex")


def test_it_refuses_an_unknown_tool() -> None:
    with pytest.raises(CommandError, match="no parser for nothing"):
        run("nothing")
