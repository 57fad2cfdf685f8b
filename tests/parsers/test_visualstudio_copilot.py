from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from opensession.hail.actions import ToolResult
from parsers.base import ParseError
from parsers.discover import logs
from parsers.sample import Sample
from parsers.visualstudio_copilot import VisualStudioCopilotParser
from parsers.visualstudio_copilot.tools import shown
from tests.golden import FIXTURES
from tests.parsers.databases import marks, read

TOOL = "visualstudio-copilot"
TRACES = FIXTURES / TOOL / "20260110_VSGitHubCopilot_traces.jsonl"


def later(folder: Path, name: str, conversation: str = "c-1") -> Path:
    """Return a file of a later run, in which a conversation went on."""
    path = folder / name
    facts = {
        "gen_ai.conversation.id": conversation,
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "run_build",
        "gen_ai.tool.call.id": "later",
        "gen_ai.tool.call.result": "Build succeeded.",
    }
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in facts.items()]
    span = {"traceId": "t7", "spanId": "z1", "startTimeUnixNano": "1768122000000000000", "attributes": attributes}
    path.write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}) + "\n")
    return path


def test_it_counts_each_span_and_each_broken_line_once() -> None:
    assert list(marks(TOOL, TRACES)) == ["c-1", "c-2"]
    first, second = (read(TOOL, TRACES, name) for name in ("c-1", "c-2"))
    assert first.skipped == {
        "bad line": 1,
        "no spans": 1,
        "dream": 1,
        "embeddings without a conversation": 1,
    }
    assert first.ignored == {"invoke_agent": 2}
    assert (second.records, second.skipped, second.ignored) == (2, {}, {"invoke_agent": 1})


def test_it_puts_a_conversation_together_that_lies_in_several_files(tmp_path: Path) -> None:
    path = Path(shutil.copy(TRACES, tmp_path))
    alone = len(read(TOOL, path, "c-1").events)
    rest = later(tmp_path, "20260111_VSGitHubCopilot_traces.jsonl")
    (tmp_path / "20260112_VSGitHubCopilot_traces.jsonl").mkdir()
    later(tmp_path, "20260113_VSGitHubCopilot_traces.jsonl", "another")
    later(tmp_path, "copy.jsonl")
    both = read(TOOL, path, "c-1").events
    assert len(both) == alone + 2
    assert [event.event_id for event in both[-2:]] == ["later-call", "later-result"]
    assert read(TOOL, rest, "c-1").events == both


def test_a_mark_changes_when_the_conversation_does(tmp_path: Path) -> None:
    path = Path(shutil.copy(TRACES, tmp_path))
    before = marks(TOOL, path)
    with path.open("a") as file:
        file.write(later(tmp_path, "more.jsonl", "c-2").read_text())
    assert [name for name, mark in marks(TOOL, path).items() if mark != before[name]] == ["c-2"]


def test_a_line_that_is_being_written_is_no_broken_one(tmp_path: Path) -> None:
    path = tmp_path / TRACES.name
    path.write_text(TRACES.read_text() + '{"resourceSp')
    assert read(TOOL, path, "c-1").skipped == read(TOOL, TRACES, "c-1").skipped


def test_it_is_done_at_once_with_a_file_of_empty_lines(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_bytes(b"\n" * (1 << 20))
    assert VisualStudioCopilotParser().recognises(Sample(path)) is None


def test_what_it_does_not_hold_is_an_error() -> None:
    with pytest.raises(ParseError, match="holds no conversation c-9"):
        read(TOOL, TRACES, "c-9")


def test_results_tell_of_failure_and_how_long_the_call_took() -> None:
    events = read(TOOL, TRACES, "c-1").events
    results = {event.event_id: event.action for event in events if isinstance(event.action, ToolResult)}
    assert [name for name, result in results.items() if result.is_error] == ["call_5-result", "call_7-result"]
    took = {event.event_id: event.duration_ms for event in events if event.duration_ms}
    assert (took["call_1-result"], took["call_5-result"]) == (250, 2500)


def test_discovery_finds_the_traces_of_each_system(tmp_path: Path) -> None:
    for root in ("AppData/Local/Temp", ".cache"):
        folder = tmp_path / root / "VSGitHubCopilotLogs" / "traces"
        folder.mkdir(parents=True)
        shutil.copy(TRACES, folder)
    assert len([each for each in logs(tmp_path, {}, []) if each.tool == TOOL]) == 2


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ("plain", "plain"),
        ('{"Result": {"value": "inner"}}', "inner"),
        ('[{"type": "text", "text": "a"}, {"text": "b"}]', "a\nb"),
        ('{"name": "a file", "text": "its content"}', '{"name": "a file", "text": "its content"}'),
        ('["a", 1]', '["a", 1]'),
        (None, ""),
    ],
)
def test_it_takes_words_out_of_what_only_wraps_them(result: Any, expected: str) -> None:
    assert shown(result) == expected
