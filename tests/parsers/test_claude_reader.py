from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opensession.hail.actions import AgentMessage, FileEdit, ShellCommand, SystemMessage, ToolCall, UserMessage
from opensession.hail.model import Event, Text
from opensession.hail.stats import Tally
from parsers.base import MAIN, Output
from parsers.claude_code import ClaudeCodeReader
from parsers.claude_code.records import Outcome, decode
from parsers.claude_code.results import exit_code
from parsers.claude_code.state import MAX_BILLS, MAX_CALLS
from parsers.strand import fold
from tests.parsers.logs import lines

HERE = Path("/nowhere/session.jsonl")


def said(content: Any, uuid: str = "u", second: int = 0, **more: Any) -> dict[str, Any]:
    record = {"type": "user", "uuid": uuid, "sessionId": "s", "timestamp": f"2026-01-01T00:00:{second:02d}Z"}
    return record | {"message": {"role": "user", "content": content}} | more


def answered(content: Any, uuid: str = "a", usage: Any = None, message_id: str = "m", **more: Any) -> dict[str, Any]:
    message = {"id": message_id, "role": "assistant", "model": "claude-opus-4-1", "content": content, "usage": usage}
    return said("", uuid) | {"type": "assistant", "requestId": "r", "message": message} | more


def called(name: str, call_id: str = "c", **arguments: Any) -> dict[str, Any]:
    return answered([{"type": "tool_use", "id": call_id, "name": name, "input": arguments}], uuid=f"a-{call_id}")


def returned(text: Any, call_id: str = "c", told: Any = None, **more: Any) -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": call_id, "content": text, **more}
    return said([block], uuid=f"r-{call_id}", toolUseResult=told)


def read(*records: dict[str, Any], path: Path = HERE) -> tuple[ClaudeCodeReader, Output]:
    reader, out = ClaudeCodeReader(path), Output()
    for line in lines(*records):
        reader.read(line, out)
    return reader, out


def events(*records: dict[str, Any]) -> list[Event]:
    _, out = read(*records)
    return fold(out.events, out.amendments)


def title(*records: dict[str, Any]) -> str | None:
    reader, _ = read(*records)
    return reader.header().context.title


def tally(out: Output) -> Tally:
    counts = Tally()
    for event in out.events:
        counts.add(event)
    for amendment in out.amendments:
        counts.amend(amendment.totals)
    return counts


class TestWhatWasSaid:
    def test_it_works(self) -> None:
        (event,) = events(said("hello"))
        assert (event.event_id, event.action, event.content.blocks) == ("u", UserMessage(), (Text(text="hello"),))

    def test_it_gives_nothing_for_blank_words(self) -> None:
        assert events(said(" <system-reminder>x</system-reminder> ")) == []

    @pytest.mark.parametrize(
        "text",
        [
            "This session is being continued from before",
            "<command-name>/clear</command-name>",
            "<task-notification>done</task-notification>",
            "<ide_selection>lines 1 to 3</ide_selection>",
        ],
    )
    def test_it_knows_what_nobody_typed(self, text: str) -> None:
        (event,) = events(said(text))
        assert event.action == SystemMessage()
        assert title(said(text), said("mine")) == "mine"

    def test_it_keeps_what_was_typed_behind_the_notes_of_an_editor(self) -> None:
        record = said("<ide_opened_file>a.py</ide_opened_file>\nwhy?")
        assert events(record)[0].action == UserMessage()
        assert title(record) == "why?"

    def test_it_takes_meta_lines_for_system_messages(self) -> None:
        assert [event.action for event in events(said("x", isMeta=True), said("y", "u2", isCompactSummary=True))] == [
            SystemMessage(),
            SystemMessage(),
        ]

    def test_it_names_a_picture_that_was_pasted_alone(self) -> None:
        (event,) = events(said([{"type": "image", "source": {"media_type": "image/png", "data": "AAAA"}}]))
        assert (event.event_id, event.content.blocks) == ("u-image", (Text(text="[image: image/png]"),))

    def test_it_takes_an_answer_that_is_a_plain_string(self) -> None:
        assert events(answered("fine"))[0].action == AgentMessage()


class TestTitles:
    def test_it_prefers_the_last_custom_title(self) -> None:
        named = [{"type": "custom-title", "customTitle": name} for name in ("old", "new")]
        assert title(said("words"), *named, {"type": "ai-title", "aiTitle": "made up"}) == "new"

    def test_it_takes_the_generated_title_next(self) -> None:
        assert title(said("words"), {"type": "ai-title", "aiTitle": "made up"}) == "made up"


class TestTokens:
    def test_it_counts_a_message_once_and_its_largest_snapshot(self) -> None:
        parts = ([{"type": "thinking", "thinking": "hm"}], [{"type": "text", "text": "so"}])
        grown = [answered(part, f"a{n}", {"input_tokens": 4, "output_tokens": n}) for n, part in enumerate(parts, 3)]
        _, out = read(*grown, answered([], "a9", {"input_tokens": 4, "output_tokens": 1}))
        first, second = fold(out.events, out.amendments)
        assert (first.attributes["input_tokens"], first.attributes["output_tokens"]) == (4, 4)
        assert "output_tokens" not in second.attributes
        assert (tally(out).input_tokens, tally(out).output_tokens) == (4, 4)

    def test_it_gives_the_tokens_of_a_silent_line_to_the_next_one(self) -> None:
        silent = answered([{"type": "thinking", "thinking": ""}], "a1", {"output_tokens": 5})
        (event,) = events(silent, answered("so", "a2", {"output_tokens": 2}))
        assert event.attributes["output_tokens"] == 5

    def test_it_puts_them_on_the_text_before_the_thought(self) -> None:
        content = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "so"}]
        thought, text = events(answered(content, usage={"output_tokens": 5}))
        assert ("output_tokens" in thought.attributes, text.attributes["output_tokens"]) == (False, 5)

    def test_it_keeps_cache_tokens_apart(self) -> None:
        usage = {"input_tokens": 1, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 30.0}
        attributes = events(answered("so", usage=usage))[0].attributes
        assert (attributes["input_tokens"], attributes["cache_read_tokens"], attributes["cache_write_tokens"]) == (
            1,
            20,
            30,
        )

    def test_it_forgets_old_bills(self) -> None:
        reader, _ = read(*(answered("x", str(n), {"output_tokens": 1}, str(n)) for n in range(MAX_BILLS + 5)))
        assert len(reader.state.bills) == MAX_BILLS


class TestCallsAndResults:
    @pytest.mark.parametrize(
        ("words", "failed", "told", "code"),
        [
            ("ok", False, Outcome(), 0),
            ("Exit code 127\nno such command", True, Outcome(), 127),
            ("Exit code many", True, Outcome(), None),
            ("The user rejected it", True, Outcome(), None),
            ("ok", False, Outcome(exit_code=3), 3),
            ("", False, Outcome(interrupted=True), None),
            ("", False, Outcome(background_task_id="b"), None),
            ("", False, Outcome(return_code_interpretation="No matches found"), None),
            ("Command running in background with ID: b", False, Outcome(), None),
        ],
    )
    def test_it_knows_the_exit_code(self, words: str, failed: bool, told: Outcome, code: int | None) -> None:
        assert exit_code(words, failed, told) == code

    def test_it_amends_the_command_with_its_exit_code(self) -> None:
        command, _ = events(called("Bash", command="false"), returned("Exit code 1", is_error=True))
        assert command.action == ShellCommand(command="false", exit_code=1)

    def test_it_leaves_the_exit_code_of_an_interrupted_command_open(self) -> None:
        command, _ = events(called("Bash", command="sleep 9"), returned("", told={"interrupted": True}))
        assert command.action == ShellCommand(command="sleep 9")

    def test_it_takes_a_patch_where_the_call_had_no_diff(self) -> None:
        hunk = {"oldStart": 1, "oldLines": 1, "newStart": 1, "newLines": 1, "lines": ["-a", "+b"]}
        records = called("NotebookEdit", notebook_path="n.ipynb"), returned("ok", told={"structuredPatch": [hunk]})
        _, out = read(*records)
        assert fold(out.events, out.amendments)[0].action == FileEdit(path="n.ipynb", diff="@@ -1 +1 @@\n-a\n+b\n")
        assert (tally(out).lines_added, tally(out).lines_removed) == (1, 1)

    def test_it_names_the_subagent_that_a_call_launched(self) -> None:
        call, _ = events(called("Agent", prompt="go"), returned("done", told={"agentId": "x1"}))
        assert (call.action, call.attributes["subagent_id"]) == (ToolCall(name="Agent"), "x1")

    def test_it_does_not_mix_up_two_results_on_one_line(self) -> None:
        both = said(
            [{"type": "tool_result", "tool_use_id": name, "content": "ok"} for name in "cd"],
            toolUseResult={"exitCode": 9},
        )
        one, two, *_ = events(called("Bash", "c", command="a"), called("Bash", "d", command="b"), both)
        assert (one.action, two.action) == (
            ShellCommand(command="a", exit_code=0),
            ShellCommand(command="b", exit_code=0),
        )

    def test_it_shows_a_call_without_input(self) -> None:
        (event,) = events(answered([{"type": "tool_use", "name": "Mystery"}]))
        assert (event.event_id, event.action) == ("a-tool", ToolCall(name="Mystery"))

    def test_it_forgets_calls_that_never_end(self) -> None:
        reader, _ = read(*(called("Bash", str(n), command="x") for n in range(MAX_CALLS + 5)))
        assert len(reader.state.calls) == MAX_CALLS


class TestBadInput:
    @pytest.mark.parametrize("line", [b"", b"  ", b"\0\0\0", b"\r"])
    def test_it_takes_no_notice_of_blank_lines(self, line: bytes) -> None:
        reader, out = ClaudeCodeReader(HERE), Output()
        reader.read(line, out)
        assert (out.records, out.skipped) == (0, {})

    @pytest.mark.parametrize("line", [b"{", b"[1]", b'"x"', b"\xff", b'{"a":' + b"[" * 5000])
    def test_it_counts_a_line_that_is_no_record(self, line: bytes) -> None:
        reader, out = ClaudeCodeReader(HERE), Output()
        reader.read(line, out)
        assert (out.events, out.skipped) == ([], {"bad line": 1})

    def test_it_loses_only_the_odd_fields(self) -> None:
        odd = said([{"type": "tool_result", "content": "x", "is_error": "no"}, 7], cwd=4, toolUseResult=[1])
        (record,) = decode(lines(odd)[0])
        assert (record.cwd, record.uuid) == (None, "u")
        assert events(odd)[0].action.is_error is False  # type: ignore[attr-defined]

    def test_it_counts_what_it_does_not_understand(self) -> None:
        _, out = read({"type": "teleport"}, {"type": "mode"}, {}, said([{"type": "hologram"}]))
        assert out.skipped == {"teleport": 1, "no type": 1, "block hologram": 1}

    def test_it_uses_the_last_time_for_a_bad_one(self) -> None:
        _, out = read(said("a", second=5), said("b", "u2") | {"timestamp": "yesterday"})
        assert out.events[1].timestamp == "2026-01-01T00:00:05Z"
        assert (out.events[1].attributes, out.skipped) == ({"timestamp.estimated": True}, {})

    def test_it_skips_words_without_any_time(self) -> None:
        _, out = read(said("a") | {"timestamp": None})
        assert (out.events, out.skipped) == ([], {"no timestamp": 1})

    def test_it_holds_a_summary_until_a_time_is_known(self) -> None:
        summary, _ = events({"type": "summary", "summary": "x", "leafUuid": "l"}, said("hi", second=7))
        assert (summary.event_id, summary.timestamp) == ("l", "2026-01-01T00:00:07Z")

    def test_it_closes_with_a_summary_that_found_no_time(self, tmp_path: Path) -> None:
        reader, out = read({"type": "summary", "summary": "x", "leafUuid": "l"}, path=tmp_path / "s.jsonl")
        assert out.events == []
        assert [event.event_id for event in reader.closings()] == ["l"]


class TestSession:
    uuid = "11111111-2222-4333-8444-555555555555"

    def test_it_is_named_after_its_file(self) -> None:
        reader, _ = read(said("x"), path=Path(f"/p/{self.uuid}.jsonl"))
        assert (reader.strand(), reader.header().session_id) == (MAIN, self.uuid)

    def test_it_takes_the_id_of_the_lines_from_other_files(self) -> None:
        reader, _ = read({"type": "mode"}, said("x"))
        assert reader.header().session_id == "s"

    def test_it_marks_replayed_lines_and_keeps_them_out_of_totals(self) -> None:
        own = said("new", "u2", sessionId=self.uuid)
        old = said("old"), answered("x", usage={"output_tokens": 9})
        reader, out = read(*old, own, path=Path(f"/{self.uuid}.jsonl"))
        assert [event.attributes.get("replayed") for event in out.events] == [True, True, None]
        assert (tally(out).output_tokens, tally(out).user_message_count) == (0, 1)
        assert reader.header().context.attributes["forked_from"] == "s"

    def test_it_marks_lines_that_say_where_they_were_copied_from(self) -> None:
        reader, out = read(said("old", forkedFrom={"sessionId": "p"}))
        assert out.events[0].attributes == {"replayed": True}
        assert reader.header().context.attributes["forked_from"] == "p"

    def test_it_lists_the_folders_it_worked_in(self) -> None:
        reader, _ = read(said("x", cwd="/a"), said("y", "u2", cwd="/b"), said("z", "u3", cwd="/a"))
        attributes = reader.header().context.attributes
        assert (attributes["cwd"], attributes["all_cwds"]) == ("/a", ["/a", "/b"])

    def test_it_ignores_the_name_that_the_harness_signs_with(self) -> None:
        error = answered("API error")
        error["message"]["model"] = "<synthetic>"
        reader, _ = read(error, answered("x"))
        assert reader.header().agent.model == "claude-opus-4-1"

    def test_it_knows_a_subagent_by_its_lines(self) -> None:
        reader, _ = read(said("go", isSidechain=True, agentId="x1", slug="calm-otter"))
        header = reader.header()
        assert (reader.strand(), header.session_id, header.context.title) == ("x1", "s", "calm-otter")
        assert header.context.attributes["session_role"] == "auxiliary"

    def test_it_knows_a_subagent_by_its_path_before_any_line(self) -> None:
        reader, _ = read(path=Path(f"/p/{self.uuid}/subagents/agent-x1.jsonl"))
        assert (reader.strand(), reader.header().session_id) == ("x1", self.uuid)
