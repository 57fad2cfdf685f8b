"""Every real log parses, and gives what the original made of it, but for the differences that are named."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

import parsers
from opensession.hail import jsonl, validate
from tests.base import CORPUS
from tests.parsers.logs import writer

LEAST_MATCHED = 0.96
LEAST_IN_ORDER = 0.99
GOLDEN_EVENTS = {"claude-code": 2_000, "cline": 5, "codex": 2_000, "opencode": 40}
"""At least so many events of the original are compared."""


@pytest.mark.parametrize("tool", GOLDEN_EVENTS)
def test_it_matches_the_golden_files(corpus: Path, tmp_path: Path, tool: str) -> None:
    compare = runpy.run_path(str(CORPUS.parent / "tools" / "compare_hail.py"))
    golden = [path for path in sorted((corpus / "golden" / tool).rglob("*.hail.jsonl")) if _is_of(tool, corpus, path)]
    results = [_compared(compare, corpus, path, tool, tmp_path / "ours.hail.jsonl") for path in golden]
    total, matched, ordered = (sum(result[key] for result in results) for key in ("golden", "matched", "ordered"))
    assert total > GOLDEN_EVENTS[tool]
    assert matched / total >= LEAST_MATCHED
    assert ordered / matched >= LEAST_IN_ORDER


@pytest.mark.parametrize("tool", ["claude-code", "codex"])
def test_every_log_parses_and_is_valid(corpus: Path, tool: str) -> None:
    logs = sorted((corpus / "files" / tool).rglob("*.jsonl"))
    assert len(logs) > 75
    for path in logs:
        session = parsers.parse(path, tool)
        assert jsonl.loads(jsonl.dumps(session)) == session, path
        found = {problem.kind for problem in validate.problems(session)}
        # Clocks run backwards in real logs, some logs hold no event, and one a command without words.
        assert found <= {"EventsOutOfOrder", "EmptySession", "InvalidEvent"}, path


def _is_of(tool: str, corpus: Path, golden: Path) -> bool:
    """Tell whether a log is one of the tool's: what the original made of another tool's logs is no measure."""
    return writer(golden.relative_to(corpus / "golden")) == tool


def _compared(compare: dict[str, Any], corpus: Path, golden: Path, tool: str, scratch: Path) -> dict[str, Any]:
    log = corpus / "files" / golden.relative_to(corpus / "golden").with_name(golden.name.removesuffix(".hail.jsonl"))
    scratch.write_bytes(jsonl.dumps(parsers.parse(log, tool)))
    result: dict[str, Any] = compare["compare"](compare["events"](golden), compare["events"](scratch))
    return result
