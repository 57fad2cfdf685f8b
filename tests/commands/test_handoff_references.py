"""Which sessions a handoff is of."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from sessions.models import Session
from tests.commands.test_handoff import failure, handoff
from tests.ingest.world import World, said

pytestmark = pytest.mark.django_db

OLD, MIDDLE, NEW = (f"{digit * 8}-e2bb-4255-8caf-4136c566a962" for digit in "abc")


@pytest.fixture
def world(home: Path) -> World:
    world = World(home)
    for minute, (name, words) in enumerate([(OLD, "oldest fees"), (MIDDLE, "login page"), (NEW, "newest docs")]):
        world.write(said(60 * minute, words, session=name), session=name)
    return world


def chosen(*arguments: str) -> list[str]:
    return [each["session_id"] for each in json.loads(handoff(*arguments, "--format", "json")[0])]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), [NEW]),
        (("--last",), [NEW]),
        (("--last", "2"), [NEW, MIDDLE]),
        (("-l", "HEAD~3"), [NEW, MIDDLE, OLD]),
        (("--last", "9"), [NEW, MIDDLE, OLD]),
        (("--claude", "HEAD"), [NEW]),
        (("--claude", "HEAD~2"), [NEW, MIDDLE]),
        (("--claude", "HEAD~0"), [NEW]),
        (("--claude", "HEAD^1"), [MIDDLE]),
        (("--tool", "claude HEAD^2", "--tool", "claude-code HEAD"), [OLD, NEW]),
        (("--tool", "fees"), [OLD]),
        (("--claude", "LOGIN"), [MIDDLE]),
        (("--claude", MIDDLE), [MIDDLE]),
        ((OLD,), [OLD]),
        (("bbbbb",), [MIDDLE]),
        ((NEW, OLD[:6]), [NEW, OLD]),
    ],
)
def test_it_takes_what_is_meant(world: World, arguments: tuple[str, ...], expected: list[str]) -> None:
    assert chosen(*arguments) == expected


def test_it_takes_files_before_everything_else(world: World) -> None:
    assert chosen(str(world.log(OLD)), "--last", "2", "--claude", "HEAD") == [OLD]


def test_it_reads_a_file_that_is_not_indexed(world: World, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere.jsonl"
    copy.write_bytes(world.log(OLD).read_bytes())
    (told,) = json.loads(handoff(str(copy), "--format", "json")[0])
    assert (told["session_id"], told["objective"]) == (OLD, "oldest fees")
    assert "link" not in told["evidence"][0]


def test_it_takes_a_row_id_and_its_beginning(world: World) -> None:
    chosen()
    row = Session.objects.get(hail_id=MIDDLE).pk
    assert chosen(str(row)) == chosen(str(row)[:9]) == [MIDDLE]


def test_it_reads_hail(world: World, tmp_path: Path) -> None:
    short = tmp_path / "short.hail.jsonl"
    short.write_text(handoff(OLD, "--format", "hail")[0])
    assert chosen(str(short)) == [f"handoff-{OLD}"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--last", "0"), 1, "there is nothing to hand off"),
        (("--last", "save"), 2, "write a number, HEAD or HEAD~N"),
        (("--gemini", "HEAD"), 3, "no session of gemini is there for HEAD"),
        (("--claude", "HEAD^7"), 3, "no session of claude-code is there for HEAD^7"),
        (("--tool", "nobody HEAD"), 2, "there is no agent nobody"),
        (("--claude", "unheard of"), 3, "no session is called unheard of"),
        (("/no/such/file",), 3, "neither a file nor the id of a session"),
        (("--repo", "/no/such/folder"), 2, "there is no such folder"),
        (("--dry-run",), 2, "`handoff` takes no --dry-run"),
        (("artifact", "list", "--strict"), 2, "`handoff artifact` takes no --strict"),
    ],
)
def test_it_says_what_is_wrong(world: World, arguments: tuple[str, ...], code: int, message: str) -> None:
    found, words = failure(*arguments)
    assert (found, message in words) == (code, True), words


def test_it_asks_for_more_of_an_ambiguous_id(world: World) -> None:
    twin = OLD[:-4] + "0000"
    world.write(said(1, "twin", session=twin), session=twin)
    code, message = failure(OLD[:8])
    assert code == 2
    assert OLD in message
    assert twin in message


def test_it_asks_for_a_row_where_an_id_is_complete(world: World) -> None:
    chosen()
    Session.objects.filter(hail_id=MIDDLE).update(hail_id=OLD, tool="codex")
    code, message = failure(OLD)
    assert (code, "is the id of several sessions" in message) == (2, True)


def test_it_names_a_file_that_is_no_log(world: World, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("milk")
    code, message = failure(str(path))
    assert code == 2
    assert "no parser knows such a file" in message


def test_it_narrows_to_a_repository(world: World, tmp_path: Path) -> None:
    repo = tmp_path / "shop"
    (repo / "app").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(repo)], check=True)
    inside = [said(0, "inside", session=OLD) | {"cwd": str(repo / "app")}]
    beside = [said(120, "beside", session=NEW) | {"cwd": f"{repo}-two"}]
    world.log(OLD).unlink()
    world.log(NEW).unlink()
    world.write(*inside, session=OLD)
    world.write(*beside, session=NEW)
    assert chosen("--last", "9", "--repo", str(repo / "app")) == [OLD]
    assert chosen("--claude", "HEAD", "--repo", str(repo)) == [OLD]
    code, message = failure("--last", "--repo", str(tmp_path / "home"))
    assert (code, "no session on this machine worked in" in message) == (1, True)


def test_it_merges_several_into_one_document(world: World) -> None:
    text = handoff("--last", "2", "--format", "markdown")[0]
    assert text.startswith(
        "# Merged Session Handoff\n\n**Sessions:** 2 | **Total Duration:** 0s\n\n---\n\n## Session 1"
    )
    assert text.index(f"## Session 1 — {NEW}") < text.index(f"## Session 2 — {MIDDLE}")


def test_it_writes_one_line_per_session(world: World) -> None:
    lines = handoff("--last", "2", "--format", "jsonl")[0].splitlines()
    assert [json.loads(line)["session_id"] for line in lines] == [NEW, MIDDLE]


def test_it_writes_hail_with_an_empty_line_between(world: World) -> None:
    first, second = handoff("--last", "2", "--format", "hail")[0].split("\n\n")
    assert [json.loads(part.splitlines()[0])["session_id"] for part in (first, second)] == [
        f"handoff-{NEW}",
        f"handoff-{MIDDLE}",
    ]


def test_it_prints_its_schema() -> None:
    assert json.loads(handoff("--schema")[0])["title"] == "OpenSession handoff, version 2"
