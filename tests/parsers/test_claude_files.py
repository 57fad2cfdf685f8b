from __future__ import annotations

from pathlib import Path

import pytest

from parsers import find
from parsers.claude_code import ClaudeCodeParser, files
from tests.golden import FIXTURES
from tests.parsers.logs import write

UUID = "11111111-2222-4333-8444-555555555555"
PARSER = ClaudeCodeParser()
TEAM = FIXTURES / "claude-code" / "7a8b9c0d-1e2f-4a3b-8c4d-5e6f7a8b9c0d.jsonl"


@pytest.mark.parametrize(
    "path",
    [
        f"/home/dev/.claude/projects/-home-dev/{UUID}.jsonl",
        "/home/dev/.config/claude/projects/-home-dev/notes.jsonl",
        f"C:\\Users\\dev\\.claude\\projects\\C--shop\\{UUID}.jsonl",
        f"/home/dev/.claude/projects/-home-dev/{UUID}/subagents/workflows/w/agent-a1.jsonl",
        "/home/dev/.claude/projects/-home-dev/agent-a1.jsonl",
    ],
)
def test_it_claims_its_logs(path: str) -> None:
    assert find(path) == "claude-code"


@pytest.mark.parametrize(
    "path",
    [
        "/home/dev/.codex/sessions/2026/01/01/rollout-1.jsonl",
        f"/home/dev/.claude/projects/-home-dev/{UUID}.json",
        f"/home/dev/.claude/projects/-home-dev/{UUID}/subagents/workflows/w/journal.jsonl",
        f"/home/dev/.claude/projects/-home-dev/{UUID}/tool-results/out.jsonl",
        "/home/dev/.claude/history.jsonl",
        "/data/projects/shop/events.jsonl",
    ],
)
def test_it_leaves_other_files_alone(path: str) -> None:
    assert find(path) != "claude-code"


def test_it_finds_the_subagents_of_a_session_and_no_others() -> None:
    found = [log.name for log in PARSER.companions(TEAM)]
    assert sorted(found) == ["agent-a1b2.jsonl", "agent-c3d4.jsonl", "agent-e5f6.jsonl"]


def test_it_finds_no_companions_of_a_subagent() -> None:
    (agent,) = TEAM.with_suffix("").glob("subagents/agent-a1b2.jsonl")
    assert PARSER.companions(agent) == ()


def test_it_finds_subagents_in_the_folder_that_sessions_share(tmp_path: Path) -> None:
    session = write(tmp_path / "main.jsonl", [{"type": "user", "sessionId": "s"}])
    ours = write(tmp_path / "subagents" / "agent-1.jsonl", [{"type": "mode"}, {"type": "user", "sessionId": "s"}])
    write(tmp_path / "subagents" / "agent-2.jsonl", [{"type": "user", "sessionId": "t"}])
    assert PARSER.companions(session) == (ours,)


def test_it_survives_a_broken_meta_file(tmp_path: Path) -> None:
    (tmp_path / "agent-1.meta.json").write_text("{")
    assert files.meta(tmp_path / "agent-1.jsonl") == files.Meta()
