"""A placeholder in an agent's store is no title (`spec/parsers.md` R9)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from opensession.hail.actions import UserMessage
from opensession.hail.model import Session
from parsers import sessions
from parsers.titles import native_title
from tests.golden import FIXTURES, cases, laid_out

PLACEHOLDER = "New session - 2026-03-01T09:00:00.000Z"

KEEP_TITLES = [
    *("amp", "bob", "cline", "codebuddy", "codebuddy-ide", "codex", "continue", "crush", "cursor", "deepseek-harness"),
    *("factory-droid", "forgecode", "goose", "icodemate", "kilo", "kimi", "mistral-vibe", "opencode", "pi", "qoder"),
    *("reasonix", "trae-ide", "vscode-copilot", "zed"),
]
"""Tools in whose fixtures sessions have a title of their own, as text."""


@pytest.mark.parametrize(
    "words",
    [
        PLACEHOLDER,
        "Child session - 2026-03-01T09:00:00.000Z",
        "New Chat",
        "new chat 3",
        "New Conversation",
        "New Agent Thread",
        "New agent session",
        "CLI Session",
        "Session 20260301_1",
        "Untitled",
        "(untitled)",
        "<Untitled Session>",
        "Untitled (1f2e3d4c-5b6a-4978-8a9b-0c1d2e3f4a5b)",
        "Untitled 2",
        "New Session…",
        " Untitled ",
        "新对话",
        "新建会话",
    ],
)
def test_it_drops_a_placeholder(words: str) -> None:
    assert native_title(words) == ""


@pytest.mark.parametrize(
    "words",
    [
        "New session handling for the shop",
        "New session - plan the move to Postgres",
        "Untitled documents lose their name",
        "Chat widget",
        "New login task",
        "new",
        "Agent",
        "2026",
        "",
    ],
)
def test_it_keeps_a_title(words: str) -> None:
    assert native_title(words) == words


@pytest.mark.parametrize("tool", KEEP_TITLES)
def test_no_parser_takes_a_placeholder(tool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read(tool, tmp_path / "before")
    shutil.copytree(FIXTURES / tool, tmp_path / "made" / tool)
    for file in (tmp_path / "made").rglob("*"):
        if file.is_file():
            rename(file, [title for each in before if (title := each.header.context.title)])
    monkeypatch.setattr("tests.golden.FIXTURES", tmp_path / "made")
    after = read(tool, tmp_path / "after")
    assert len(after) == len(before)
    assert [each.header.session_id for each in after if not has_own_title(each)] == []


def read(tool: str, folder: Path) -> list[Session]:
    home = laid_out(tool, folder)
    return [each for case in cases(tool) for each in sessions(home / case.removesuffix(".sql"), tool)]


def rename(file: Path, titles: list[str]) -> None:
    data = file.read_bytes()
    for title in titles:
        data = data.replace(title.encode(), PLACEHOLDER.encode())
    file.write_bytes(data)


def has_own_title(session: Session) -> bool:
    """Tell whether a session is not called by the placeholder, unless that is what the user said."""
    said = "".join(str(event.content) for event in session.events if isinstance(event.action, UserMessage))
    return session.header.context.title != PLACEHOLDER or PLACEHOLDER in said
