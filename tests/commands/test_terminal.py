"""What a session says is never obeyed by the terminal that JSON is printed to."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from sessions.terminal import inert
from tests.base import REPOSITORY
from tests.commands.test_handoff import handoff
from tests.gitstore.repositories import repository
from tests.ingest.world import World, said

pytestmark = pytest.mark.django_db

WORDS = "fix \x9b31mthe\x1b[0m\x7f login \\\x90 of the © café"
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


@pytest.fixture
def world(home: Path) -> World:
    world = World(home)
    world.write(said(0, WORDS))
    return world


def strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            yield from (found for each in value for found in strings(each))
        case dict():
            yield from (found for each in value.values() for found in strings(each))


def assert_harmless(printed: str, lines: bool = True) -> None:
    """Assert that the JSON says the words, and holds no control character but line breaks."""
    assert CONTROL.findall(printed) == []
    documents = [json.loads(line) for line in printed.splitlines()] if lines else [json.loads(printed)]
    assert any(WORDS in text for text in strings(documents))


@pytest.mark.parametrize(("form", "lines"), [("json", False), ("jsonl", True), ("stream", True), ("hail", True)])
def test_it_prints_handoffs_that_no_terminal_obeys(world: World, form: str, lines: bool) -> None:
    assert_harmless(handoff("--last", "--format", form)[0], lines)


def test_it_prints_artifacts_that_no_terminal_obeys(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository(tmp_path / "shop"))
    handoff("save", "--artifact-id", "fees")
    assert_harmless(handoff("artifact", "show", "fees")[0], lines=False)


def test_it_shows_a_session_file_that_no_terminal_obeys(world: World) -> None:
    printed = handoff("resume", "--in", "claude-code", "--dry-run")[0]
    assert CONTROL.findall(printed) == []
    assert any("\x9b31mthe" in text for line in printed.splitlines() for text in strings(json.loads(line)))


def test_it_prints_hail_that_no_terminal_obeys(world: World) -> None:
    command = [sys.executable, str(REPOSITORY / "manage.py"), "parse", str(world.log())]
    done = subprocess.run(command, capture_output=True, env=dict(os.environ), check=True)
    assert_harmless(done.stdout.decode())


def test_it_says_what_failed_and_no_terminal_obeys(world: World) -> None:
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("handoff", WORDS, "--format", "json", stdout=out)
    assert_harmless(out.getvalue())


def test_it_prints_names_of_logs_that_no_terminal_obeys(world: World) -> None:
    world.log().rename(world.log().with_name("\x9b31m\x7f.jsonl"))
    out = StringIO()
    call_command("discover", "--json", stdout=out)
    assert CONTROL.findall(out.getvalue()) == []
    assert "\x9b31m\x7f" in json.loads(out.getvalue())["path"]


@pytest.mark.parametrize("code", [*range(0x7F, 0xA0)])
def test_it_means_the_same(code: int) -> None:
    document = json.dumps({chr(code): f"\\{chr(code)}é"}, ensure_ascii=False).encode()
    assert inert(document).isascii() is False
    assert json.loads(inert(document)) == json.loads(document)
    assert chr(code).encode() not in inert(document)


def test_it_leaves_other_characters_as_they_are() -> None:
    document = '"\N{NO-BREAK SPACE}À©\N{BROKEN BAR} 日本 \N{GRINNING FACE}"'.encode()
    assert inert(document) == document
