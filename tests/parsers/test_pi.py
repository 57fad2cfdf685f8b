"""pi and its family: what golden files cannot show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opensession.hail.actions import FileEdit, UserMessage
from opensession.hail.model import Session
from parsers import ParseError, parse, recognise, sessions
from parsers.base import Sample
from parsers.pi import unnumbered
from tests.parsers.logs import write

HEAD = {"type": "session", "version": 3, "id": "s-1", "timestamp": "2026-01-01T00:00:00Z", "cwd": "/code/shop"}


def entry(id: str | None, parent: Any, words: str = "") -> dict[str, Any]:
    message = {"role": "user", "content": words or id}
    return {"type": "message", "id": id, "parentId": parent, "timestamp": "2026-01-01T00:00:01Z", "message": message}


def typed(session: Session) -> list[str]:
    assert all(isinstance(event.action, UserMessage) for event in session.events)
    return [event.event_id for event in session.events]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([entry("a", None), entry("b", "a"), entry("c", "a")], ["a", "c"]),
        ([entry("a", None), entry("b", "a"), entry("c", None)], ["c"]),
        ([entry("a", "b"), entry("b", "a")], ["a", "b"]),
        ([entry("a", "a")], ["a"]),
        ([entry("a", None), entry("b", "lost with a broken line")], ["a", "b"]),
        ([entry("a", None), entry("b", 7), entry("c", ["a"])], ["a", "b", "c"]),
        ([entry("a", None), entry("a", "a"), entry("b", "a")], ["a", "a#2", "b"]),
    ],
    ids=["a branch", "a new root", "a cycle", "its own parent", "no such parent", "odd parents", "the same id"],
)
def test_it_follows_the_branch_of_the_last_entry(
    tmp_path: Path, entries: list[dict[str, Any]], expected: list[str]
) -> None:
    assert typed(parse(write(tmp_path / "s.jsonl", [HEAD, *entries]), "pi")) == expected


def test_it_reads_a_very_long_branch(tmp_path: Path) -> None:
    entries = [entry(f"e{at}", f"e{at - 1}" if at else None) for at in range(20_000)]
    assert len(parse(write(tmp_path / "s.jsonl", [HEAD, *entries]), "pi").events) == 20_000


def test_it_leaves_a_line_that_is_still_being_written(tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", [HEAD, entry("a", None)])
    with path.open("a") as log:
        log.write(json.dumps(entry("b", "a"))[:60])
    assert typed(parse(path, "pi")) == ["a"]


@pytest.mark.parametrize(
    ("folder", "tool"), [(".pi", "pi"), (".omp", "omp"), (".openclaw", "openclaw"), ("elsewhere", "pi")]
)
def test_it_tells_the_family_by_the_folder_where_the_records_are_the_same(
    tmp_path: Path, folder: str, tool: str
) -> None:
    path = write(tmp_path / folder / "s.jsonl", [HEAD, entry("a", None)])
    assert recognise(Sample(path))[0].tool == tool


def test_it_makes_hunks_of_a_numbered_diff() -> None:
    assert unnumbered("  9 a\n-10 b\n+10 c\n ...\n+20 d") == "@@ -9,2 +9,2 @@\n a\n-b\n+c\n@@ -0,0 +20,1 @@\n+d\n"
    assert unnumbered("no diff at all") == ""


def test_it_takes_the_diff_of_an_edit_from_its_result(tmp_path: Path) -> None:
    call = {"type": "toolCall", "id": "c", "name": "edit", "arguments": {"path": "x", "input": "..."}}
    message = {"role": "assistant", "content": [call]}
    result = {"role": "toolResult", "toolCallId": "c", "content": "ok", "details": {"diff": "+1 a"}}
    entries = [entry("a", None) | {"message": message}, entry("b", "a") | {"message": result}]
    edit = parse(write(tmp_path / "s.jsonl", [HEAD, *entries]), "pi").events[0].action
    assert edit == FileEdit(path="x", diff="@@ -0,0 +1,1 @@\n+a\n")


@pytest.mark.parametrize("name", ["../s", "..", "a/b", "a\\b", "a\0b", "C:s", "", "x" * 5_000])
def test_an_index_leads_to_no_file_outside_of_its_folder(tmp_path: Path, name: str) -> None:
    write(tmp_path / "s.jsonl", [HEAD, entry("a", None)])
    index = tmp_path / "sessions" / "sessions.json"
    index.parent.mkdir()
    index.write_text(json.dumps({"agent:main:main": {"sessionId": name}}))
    assert list(sessions(index, "openclaw")) == []


def test_an_index_that_is_half_written_is_an_error(tmp_path: Path) -> None:
    index = tmp_path / "sessions.json"
    index.write_text('{"agent:main:main": {"sessionId"')
    with pytest.raises(ParseError, match="no JSON"):
        parse(index, "openclaw")
