from __future__ import annotations

import pytest

from opensession.hail.model import EMPTY, Code, Text
from parsers.common import language_of, result_content, role, short_title, strip_reminders, tool_kind


@pytest.mark.parametrize(
    ("label", "expected"),
    [(" Human", "user"), ("gemini", "assistant"), ("system", "system"), ("Thought", "thinking"), ("tool", None)],
)
def test_it_knows_roles_by_any_label(label: str, expected: str | None) -> None:
    assert role(label) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", "other"),
        ("Read", "file_read"),
        ("edit_file", "file_write"),
        ("exec_command", "shell"),
        ("Glob", "search"),
        ("WebSearch", "web"),
        ("TaskCreate", "task"),
        ("functions.apply_patch", "other"),
        ("MultiEdit", "other"),
    ],
)
def test_it_tells_the_kind_of_a_tool(name: str, expected: str) -> None:
    assert tool_kind(name) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src/a.rs", "rust"),
        ("A.TSX", "typescript"),
        ("/x/Dockerfile", "bash"),
        ("pyproject.toml", "toml"),
        ("build.gradle.kts", "kotlin"),
        ("LICENSE", None),
        ("sh", "bash"),
    ],
)
def test_it_tells_the_language_of_a_path(path: str, expected: str | None) -> None:
    assert language_of(path) == expected


def test_it_strips_every_reminder() -> None:
    text = "hello\n<system-reminder>a\nb</system-reminder>\nworld <system-reminder>c</system-reminder>"
    assert strip_reminders(text) == "hello\n\nworld"


def test_it_keeps_a_reminder_that_is_never_closed() -> None:
    assert strip_reminders(" <system-reminder> open ") == "<system-reminder> open"


def test_it_looks_once_for_the_end_of_reminders_that_have_none() -> None:
    opened = "<system-reminder>" * 100_000
    assert strip_reminders(f"a<system-reminder>b</system-reminder>{opened}") == f"a{opened}"


@pytest.mark.parametrize(
    ("text", "code", "start"),
    [
        ("     1→fn a() {}\n     2→\n", "fn a() {}", 1),
        ("10| x\n11|y", "x\ny", 10),
        ("  7→a\nnote\n  8→b\n\n  9→c", "a\nb\n\nc", 7),
    ],
)
def test_it_takes_the_numbers_off_a_reading(text: str, code: str, start: int) -> None:
    block = result_content("Read", "a.rs", text).blocks[0]
    assert block == Code(code=code, language="rust", start_line=start)


def test_it_leaves_numbers_of_other_tools_alone() -> None:
    assert result_content("Bash", None, "1→x").blocks == (Text(text="1→x"),)


def test_it_leaves_a_reading_without_numbers_as_text() -> None:
    assert result_content("Read", "a.rs", "File is empty").blocks == (Text(text="File is empty"),)


def test_it_gives_no_block_for_a_blank_result() -> None:
    assert result_content("Read", "a.rs", " <system-reminder>x</system-reminder>\n") == EMPTY


def test_it_shortens_a_title_to_eighty_characters() -> None:
    assert short_title("a" * 80) == "a" * 80
    assert short_title("é" * 81) == "é" * 77 + "..."
