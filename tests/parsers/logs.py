"""Where the tests find logs: our own fixtures, and the corpus of real ones beside the repository."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.golden import FIXTURES

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "files"


def corpus(tool: str) -> list[Path]:
    """Return the real logs of a tool that are lines. Skips as `corpus_files` does."""
    return [path for path in corpus_files(tool) if ".jsonl" in path.name]


CORPUS_FOLDERS: dict[str, str] = {"copilot-vscode": "vscode-copilot"}
"""Folders of the corpus that are not called as the tool is."""

MISFILED: dict[str, str] = {
    "copilot-vscode/git-ai-project__git-ai/tests/fixtures/copilot_vscode_workspace/GitHub.copilot-chat/transcripts/": (
        "copilot-cli"
    ),
    "cline/RooCodeInc__Roo-Code/": "roo-code",
    "cline/ctxrs__ctx/tests/fixtures/provider-history/bob/": "bob",
    "cline/ctxrs__ctx/tests/fixtures/provider-history/roo/": "roo-code",
    "cline/vshulcz__deja-vu/fixtures/registry/roo/": "roo-code",
    "codebuddy/ctxrs__ctx/": "codebuddy-ide",
    "claude-code/HarleyCoops__deepseek-Entire.io/examples/headless-agent/": "deepseek-harness",
    "claude-code/jazzyalex__agent-sessions/Resources/Fixtures/stage0/agents/droid/": "factory-droid",
    "claude-code/jazzyalex__agent-sessions/@d3e48be6ee/Resources/Fixtures/stage0/agents/droid/": "factory-droid",
    "codex/Python-AI-Solutions__agentic-neurodata-conversion/.codex/history.jsonl": "codex-history",
    "codex/ctxrs__ctx/tests/fixtures/provider-history/codex-history.jsonl": "codex-history",
    "codex/vshulcz__deja-vu/fixtures/synthetic/codex/history.jsonl": "codex-history",
    "claude-code/specstoryai__getspecstory/specstory-cli/pkg/providers/qwencode/testdata/session-system-only.jsonl": (
        "qwen-code"
    ),
    "cursor/ctxrs__ctx/tests/fixtures/provider-history/trae/": "trae-ide",
    "kimi/ctxrs__ctx/tests/fixtures/provider-history/reasonix/": "reasonix",
    "pi/ctxrs__ctx/tests/fixtures/provider-history/pi-omp-v17.4.0-title-slot.jsonl": "omp",
}
"""Files and folders of the corpus, by the start of their path, that another tool wrote than they say: labels lie."""

BROKEN: dict[str, str] = {
    "copilot-vscode/git-ai-project__git-ai/tests/fixtures/copilot_vscode_workspace/workspace.json": "no session",
    "copilot-vscode/git-ai-project__git-ai/tests/fixtures/copilot_vscode_workspace/GitHub.copilot-chat/debug-logs/"
    "test-session-abc/models.json": "no session, a list of models",
    "copilot-vscode/git-ai-project__git-ai/tests/fixtures/copilot-otel/traces.db": "no session, spans of time",
    "antigravity/ctxrs__ctx/tests/fixtures/provider-history/antigravity/v1/brain/agy-malformed/.system_generated/logs/"
    "transcript_full.jsonl": "one of its lines is no JSON",
    "kiro/kenn-io__agentsview/internal/parser/testdata/kiro_sqlite/malformed_payload.txt": "half of a document",
    "antigravity/jazzyalex__agent-sessions/Resources/Fixtures/stage0/agents/antigravity/small.md": (
        "a document that the agent wrote, not its session"
    ),
    "qwen-code/specstoryai__getspecstory/specstory-cli/pkg/providers/qwencode/testdata/session-malformed.jsonl": (
        "one of its lines is no JSON"
    ),
    "cursor/ctxrs__ctx/tests/fixtures/provider-history/cursor/2026.06.24/projects/sanitized-workspace/agent-transcripts/"
    "cursor-malformed-session/cursor-malformed-session.jsonl": "its last line lacks a brace",
    "warp/ctxrs__ctx/tests/fixtures/provider-history/warp/v1/warp-mcp.sqlite": "one of its calls is a cut message",
    "iflow/ctxrs__ctx/tests/fixtures/provider-history/iflow-cli/malformed/projects/sanitized-workspace/"
    "session-iflow-malformed.jsonl": "the second of its two lines is cut off",
    "mux/ctxrs__ctx/tests/fixtures/provider-history/mux/malformed/sessions/mux-malformed/chat.jsonl": (
        "the second of its three lines lacks a brace"
    ),
    "openclaw/jazzyalex__agent-sessions/Resources/Fixtures/stage0/agents/openclaw/schema_drift.jsonl": (
        "one record is of a type that was made up"
    ),
}
"""Files of the corpus that are broken on purpose, and how. They must parse, or end in one clear error."""


def corpus_files(tool: str) -> list[Path]:
    """Return all files of the corpus that a tool wrote, whatever their name.

    Without the corpus tests skip, except on CI, where that is a failure.
    """
    if not CORPUS.is_dir() and not os.environ.get("CI"):
        pytest.skip("the corpus is not here")
    every = (path for path in sorted(CORPUS.rglob("*")) if path.is_file())
    return [path for path in every if writer(path.relative_to(CORPUS)) == tool]


def writer(path: Path) -> str:
    """Return the tool that wrote a file of the corpus, given its path there."""
    misfiled = (tool for start, tool in MISFILED.items() if path.as_posix().startswith(start))
    return next(misfiled, CORPUS_FOLDERS.get(path.parts[0], path.parts[0]))


def fixtures(tool: str) -> list[Path]:
    return [path for path in sorted((FIXTURES / tool).rglob("*.jsonl")) if not path.name.endswith(".hail.jsonl")]


def lines(*records: dict[str, Any]) -> list[bytes]:
    return [json.dumps(record).encode() for record in records]


def write(path: Path, records: Iterable[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(line + b"\n" for line in lines(*records)))
    return path
