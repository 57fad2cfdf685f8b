from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from handoff import render
from handoff.model import Exchange, Finding, Report, Summary
from opensession.hail.actions import Custom, FileRead
from opensession.hail.model import Stats
from tests.handoff.building import agent, chat, edit, end, event, shell, start, summary_of, user, worked_summary

NOW = "2026-02-03T04:05:06.789Z"
FIXTURES = Path(__file__).parents[1] / "fixtures" / "handoff"


def full_summary() -> Summary:
    """Return a summary in which little is empty."""
    summary = summary_of(
        start("One", "A", name="e1"),
        user("Fix it", name="e2", second=1),
        event(FileRead(path="b.py"), name="e3", second=2),
        edit("a.py", task="A", name="e4", second=2),
        shell("make", 2, task="A", name="e5", second=3),
        shell("ls", 0, task="A", name="e6", second=3.5),
        end("Done", "A", name="e7", second=4),
        edit("a.py", task="B", name="e8", second=5),
        start("Free", "C", name="e9", second=6),
        event(Custom(kind="turn_aborted"), name="e10", second=7),
        event(Custom(kind="q"), name="e11", second=8, source="interactive_question", question_ids=["q1"]),
        user("Go on — 계속", name="e12", second=9),
        agent("Yes", name="e13", second=10),
    )
    finding = Finding(code="evidence_missing", message="No evidence.", severity="warning")
    return replace(summary, validation=Report(findings=(finding,), passed=False, session_id="demo-1"))


ADDED = {"claim_evidence", "kind", "lines_added", "lines_removed", "link", "plan"}
"""The keys that our handoffs have beside those of version 2."""


def keys(value: Any) -> Any:
    """Return the shape of a JSON value: its keys in their order, and the first item of each list."""
    if isinstance(value, dict):
        return {key: keys(item) for key, item in value.items() if key not in ADDED}
    return [keys(item) for item in value[:1]] if isinstance(value, list) else None


def sections(document: str) -> dict[str, str]:
    parts = ("\n" + document).split("\n## ")
    return {name: body for name, _, body in (part.partition("\n") for part in parts[1:])}


class TestObject:
    def test_it_has_exactly_the_shape_of_version_2_beside_what_is_added(self) -> None:
        expected = json.loads((FIXTURES / "shape.json").read_text())
        shape = keys(json.loads(render.json([full_summary()]))[0])
        assert shape == expected
        assert json.dumps(shape) == json.dumps(expected, sort_keys=True)

    def test_it_leaves_out_only_what_may_be_missing(self) -> None:
        document = render.v2(summary_of())
        assert document["objective"] is None
        assert document["execution_contract"]["rollback_hint"] is None
        assert "validation" not in document
        assert not {"task_summaries", "errors", "shell_commands"} & document.keys()

    def test_it_keeps_an_unknown_exit_code(self) -> None:
        assert render.v2(summary_of(shell("ls")))["verification"]["checks_run"][0]["exit_code"] is None

    def test_it_copies_the_stats(self) -> None:
        stats = Stats(event_count=1, message_count=2, tool_call_count=3, total_input_tokens=4, total_output_tokens=5)
        assert render.v2(summary_of(stats=stats))["stats"] == {
            "event_count": 1,
            "message_count": 2,
            "tool_call_count": 3,
            "total_input_tokens": 4,
            "total_output_tokens": 5,
        }

    def test_it_gives_reasons_for_both_names_of_the_missing_hint(self) -> None:
        committed = render.v2(summary_of(shell("git commit")))["execution_contract"]
        assert isinstance(committed["rollback_hint"], str)
        assert not {"rollback_hint_missing_reason", "rollback_hint_undefined_reason"} & committed.keys()


class TestFormats:
    def test_it_writes_pretty_json_like_the_standard_library(self) -> None:
        text = render.json([full_summary()])
        assert text == json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, indent=2)
        assert "계속" in text
        assert not text.endswith("\n")

    def test_it_writes_an_empty_array(self) -> None:
        assert render.json([]) == "[]"

    def test_it_writes_one_line_per_session(self) -> None:
        lines = render.jsonl([full_summary(), worked_summary()]).splitlines(keepends=True)
        assert len(lines) == 2
        assert lines[0] == json.dumps(render.v2(full_summary()), ensure_ascii=False, separators=(",", ":")) + "\n"
        assert json.loads(lines[1])["session_id"] == "demo-1"

    @pytest.mark.parametrize(
        ("tokens", "expected"), [(0, "0 tokens"), (999, "999 tokens"), (1000, "1.0K tokens"), (12345, "12.3K tokens")]
    )
    def test_it_wraps_sessions_for_a_stream(self, tokens: int, expected: str) -> None:
        stats = Stats(duration_seconds=90, total_input_tokens=tokens)
        [line] = render.stream([summary_of(stats=stats)], NOW).splitlines()
        envelope = json.loads(line)
        assert list(envelope) == ["version", "type", "@message", "@timestamp", "data"]
        assert (envelope["version"], envelope["type"]) == ("0.1", "session_summary")
        assert envelope["@message"] == f"demo session (1m 30s, {expected})"
        assert envelope["@timestamp"] == "2026-02-03T04:05:06.789+00:00"
        assert list(envelope["data"]) == sorted(envelope["data"])

    def test_it_offers_each_format_by_name(self) -> None:
        written = {name: write([worked_summary()], NOW) for name, write in render.FORMATS.items()}
        assert written["text"] == written["markdown"]
        assert "Session Handoff" in written["text"]
        assert len(json.loads(written["json"])) == 1
        assert json.loads(written["jsonl"].splitlines()[0])["session_id"]
        assert json.loads(written["stream"].splitlines()[0])["type"] == "session_summary"

    def test_it_loads_neither_django_nor_argparse(self) -> None:
        code = (
            "import sys, handoff.render, handoff.summary, handoff.validate; "
            "print(*{'django', 'argparse', 'dataclasses', 'json'} & sys.modules.keys())"
        )
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert run.stdout.strip() == ""


class TestMarkdown:
    @pytest.mark.parametrize(("case", "summary"), [("worked", worked_summary()), ("full", full_summary())])
    def test_it_matches_the_golden_file(self, case: str, summary: Summary) -> None:
        golden, text = FIXTURES / f"{case}.md", render.markdown([summary])
        if os.environ.get("UPDATE_GOLDEN") == "1":
            golden.write_text(text, encoding="utf-8")
        assert text == golden.read_text(encoding="utf-8")

    def test_it_has_a_place_for_everything_when_nothing_happened(self) -> None:
        assert render.markdown([summary_of()]) == (FIXTURES / "empty.md").read_text(encoding="utf-8")

    def test_it_cuts_long_messages(self) -> None:
        document = render.markdown([summary_of(user("x" * 200))])
        assert sections(document)["User Messages"] == f"1. {'x' * 147}...\n"

    def test_it_numbers_all_messages(self) -> None:
        document = render.markdown([summary_of(*chat(24))])
        assert sections(document)["User Messages"].splitlines()[-1] == "18. user-23"
        assert "### 12. Agent\nagent-23\n\n## User Messages" in document

    def test_it_keeps_the_look_of_ordinary_text(self) -> None:
        words = "Use `a < b`, [docs](https://example.org), **bold**:\n\n- item\n\n```sh\ncat <file  # all\n```\n1 < 2"
        summary = replace(worked_summary(), key_conversations=(Exchange(agent=words, user="?"),))
        assert f"### 1. Agent\n{words}\n\n" in render.markdown([summary])
