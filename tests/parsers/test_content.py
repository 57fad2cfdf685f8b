"""A session from bytes alone, as they come with an upload."""

from __future__ import annotations

from pathlib import Path

import pytest

from parsers.content import InvalidHint, Refused, SelectionRequired, read, safe_name
from tests.golden import FIXTURES, laid_out

CODEX = FIXTURES / "codex" / "tools.jsonl"


def test_it_works() -> None:
    found = read("rollout.jsonl", CODEX.read_bytes())
    assert (found.tool, found.warnings) == ("codex", ())
    assert found.candidates[0].tool == "codex"
    assert found.candidates[0].reason
    assert found.session.events


def test_it_reads_a_database(tmp_path: Path) -> None:
    database = laid_out("goose", tmp_path) / "sessions.db"
    found = read("sessions.db", database.read_bytes())
    assert found.tool == "goose"
    assert found.others


def test_it_names_the_file_as_the_sender_does() -> None:
    fixture = next((FIXTURES / "claude-code").glob("3f1d2c4b*.jsonl"))
    found = read("/home/dev/../my log.jsonl", fixture.read_bytes())
    assert found.session.header.context.attributes["source_path"] == "mylog.jsonl"


def test_it_tries_the_hint_first_and_says_when_it_fails() -> None:
    found = read("a.jsonl", CODEX.read_bytes(), hint=" goose ")
    assert found.tool == "codex"
    assert found.warnings[0].startswith("parser_hint 'goose' failed: ")


def test_it_refuses_an_unknown_hint() -> None:
    with pytest.raises(InvalidHint, match="unsupported parser_hint: nothing"):
        read("a.jsonl", CODEX.read_bytes(), hint="nothing")


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xfe\0", b'{"a":1}'])
def test_it_refuses_what_is_no_log(data: bytes) -> None:
    with pytest.raises(Refused, match="no parser candidate matched") as refused:
        read("a.txt", data)
    assert refused.value.candidates == ()


def test_it_reads_nothing_beside_the_bytes(tmp_path: Path) -> None:
    """A session of OpenCode names its messages by its own id, which may point anywhere."""
    storage = laid_out("opencode", tmp_path) / "storage"
    session = next(storage.glob("session/*/ses_shop.json"))
    evil = session.read_bytes().replace(b"ses_shop", f"../../../../..{storage}/message/ses_shop".encode())
    for data in (session.read_bytes(), evil):
        with pytest.raises(Refused):
            read("ses_shop.json", data)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("session.jsonl", "session.jsonl"),
        ("C:\\logs\\my session.jsonl", "mysession.jsonl"),
        ("../../etc/passwd", "passwd"),
        ("...", "session.txt"),
        ("a" * 100 + ".jsonl", "a" * 74 + ".jsonl"),
    ],
)
def test_it_keeps_the_plain_part_of_a_name(name: str, kept: str) -> None:
    assert safe_name(name) == kept


def test_it_lists_the_promised_confidence_of_a_promised_tool() -> None:
    found = read("rollout.jsonl", CODEX.read_bytes()).candidates
    assert [(each.tool, each.confidence) for each in found] == [
        ("codex", 90),
        ("hail", 70),
        ("claude-code", 62),
        ("gemini", 50),
    ]


def test_it_believes_who_knows_the_format_before_who_knows_its_words(tmp_path: Path) -> None:
    """Logs of CodeBuddy hold the words of Claude's."""
    log = next(each for each in laid_out("codebuddy", tmp_path).rglob("*.jsonl") if ".hail" not in each.name)
    data = log.read_bytes() + b'{"type":"user","message":{}}\n'
    found = read("a.jsonl", data)
    assert "claude-code" in [each.tool for each in found.candidates]
    assert (found.tool, found.warnings) == ("codebuddy", ())


def test_it_offers_a_choice_for_every_broken_log() -> None:
    with pytest.raises(SelectionRequired) as refused:
        read("broken.jsonl", b'{"a":1}\n{"b":2}\n')
    assert [each.tool for each in refused.value.candidates] == ["hail", "codex", "claude-code", "gemini"]


def test_it_takes_a_header_for_an_empty_session() -> None:
    header = (FIXTURES.parent / "hail" / "demo.hail.jsonl").read_bytes().partition(b"\n")[0]
    assert read("sample.jsonl", header + b"\n").tool == "hail"
