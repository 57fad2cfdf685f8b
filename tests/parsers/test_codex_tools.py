from __future__ import annotations

import json
from typing import Any

import pytest

from opensession.hail.actions import (
    Action,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    ShellCommand,
    ToolCall,
    ToolResult,
)
from opensession.hail.model import Code
from parsers.codex import patches
from parsers.codex.outputs import taken_apart
from parsers.codex.state import MAX_CALLS
from tests.parsers.codex_logs import call, event, events, item, meta, output, read, tally, words

PATCH = """*** Begin Patch
*** Update File: "a.py"
@@ def f():
 def f():
-    return 1
+    return 2
*** Add File: b.py
+x = 1
*** Delete File: c.py
*** End Patch
"""
HEADED = "Chunk ID: a1\nWall time: 0.5 seconds\n{}\nOutput:\nProcess exited with code 9\n"


@pytest.mark.parametrize(
    ("name", "arguments", "action"),
    [
        ("exec_command", {"cmd": "ls"}, ShellCommand(command="ls")),
        ("shell", {"command": ["bash", "-lc", "ls -a"]}, ShellCommand(command="ls -a")),
        ("shell", {"command": ["ls", "-a"]}, ShellCommand(command="ls -a")),
        ("shell", {"command": "ls"}, ShellCommand(command="ls")),
        ("shell_command", {"command": "ls"}, ShellCommand(command="ls")),
        ("functions.exec_command", None, ShellCommand(command="")),
        ("read_file", {"file_path": "a"}, FileRead(path="a")),
        ("write_file", {}, FileCreate(path="unknown")),
        ("apply_diff", {"file": "a"}, FileEdit(path="a")),
        ("update_plan", {"plan": []}, ToolCall(name="update_plan")),
        ("mcp__shop.read", {}, ToolCall(name="mcp__shop.read")),
    ],
)
def test_it_classifies_calls(name: str, arguments: Any, action: Action) -> None:
    (found,) = events(meta(), call(name, arguments))
    assert found.action == action


def test_it_reads_the_command_of_a_local_shell() -> None:
    run = {"type": "exec", "command": ["bash", "-lc", "pwd"]}
    command, result = events(
        meta(), item("local_shell_call", call_id="c", action=run), output("Exit code: 3\nOutput:\n")
    )
    assert command.action == ShellCommand(command="pwd", exit_code=3)
    assert result.action == ToolResult(name="local_shell", is_error=True, call_id=command.event_id)


def test_it_gives_one_event_per_file_of_a_patch() -> None:
    found = events(meta(), item("custom_tool_call", name="apply_patch", input=PATCH, call_id="c"))
    diff = "@@ -1,2 +1,2 @@ def f():\n def f():\n-    return 1\n+    return 2\n"
    assert [one.action for one in found] == [
        FileEdit(path="a.py", diff=diff),
        FileCreate(path="b.py"),
        FileDelete(path="c.py"),
    ]
    assert [one.event_id for one in found] == ["codex-1", "codex-1.1", "codex-1.2"]
    assert found[1].content.blocks == (Code(code="x = 1\n", language="python"),)
    assert {one.attributes["semantic.call_id"] for one in found} == {"c"}


def test_it_counts_the_lines_of_a_patch() -> None:
    stats = tally(meta(), call("apply_patch", {"input": PATCH})).stats()
    assert (stats.files_changed, stats.lines_added, stats.lines_removed) == (3, 1, 1)


def test_it_takes_a_patch_inside_a_command_for_a_command() -> None:
    (found,) = events(meta(), call("shell", {"command": ["bash", "-lc", f"apply_patch <<'E'\n{PATCH}E"]}))
    assert isinstance(found.action, ShellCommand)


def test_it_shows_a_moved_file_under_both_names() -> None:
    (part,) = patches.files("*** Begin Patch\n*** Update File: a\n*** Move to: b\n@@\n-x\n+y\n*** End Patch\n\n")
    assert (part.path, part.moved, part.diff()) == ("a", "b", "@@ -1 +1 @@\n-x\n+y\n")


def test_it_numbers_hunks_one_after_the_other() -> None:
    (part,) = patches.files("*** Update File: a\n@@\n-x\n@@ class A:\n@@ def f:\n\n+y\n+z")
    assert part.diff() == "@@ -1 +0,0 @@\n-x\n@@ -2 +1,3 @@ def f:\n \n+y\n+z\n"


def test_it_fills_in_a_missing_diff_from_the_end_of_the_patch() -> None:
    changes = {"/home/dev/src/a.py": {"type": "update", "unified_diff": "@@ -1 +1 @@\n-x\n+y\n"}}
    records = [meta(), call("apply_diff", {"path": "src/a.py"}), event("patch_apply_end", call_id="c", changes=changes)]
    assert events(*records)[0].action == FileEdit(path="src/a.py", diff="@@ -1 +1 @@\n-x\n+y\n")
    assert (tally(*records).lines_added, tally(*records).lines_removed) == (1, 1)


@pytest.mark.parametrize(
    ("text", "code", "duration"),
    [
        (HEADED.format("Process exited with code 127"), 127, 500),
        (HEADED.format("Process running with session ID 7"), None, 500),
        ("Exit code: 0\nWall time: 2 seconds\nOutput:\nExit code: 1\n", 0, 2000),
        ("Command: make\nProcess exited with code -1\r\nOutput:\n", -1, None),
        ("The tool said\nExit code: 1", None, None),
        ('{"output": "x", "metadata": {"exit_code": 2, "duration_seconds": -1}}', 2, 0),
        ('{"output": "x", "metadata": {"exit_code": 2.0, "duration_seconds": true}}', None, None),
        ('{"output": "x", "metadata": []}', None, None),
        ("{not json}", None, None),
    ],
)
def test_it_finds_exit_code_and_duration(text: str, code: int | None, duration: int | None) -> None:
    result = taken_apart(text)
    assert (result.exit_code, result.duration_ms) == (code, duration)


@pytest.mark.parametrize(
    ("logged", "text"),
    [
        ("plain ", "plain "),
        ('{"output": "inner"}', "inner"),
        ('{"result": 1}', '{"result": 1}'),
        ({"output": "object", "metadata": {}}, "object"),
        ({"type": "input_text", "text": "one block"}, "one block"),
        ([{"type": "input_text", "text": "a"}, {"type": "input_image", "image_url": "data:"}, "b", 7], "a\n[image]\nb"),
        (None, ""),
        (7, ""),
    ],
)
def test_it_finds_the_text_of_an_output(logged: Any, text: str) -> None:
    assert taken_apart(logged).words == text


def test_it_keeps_a_huge_output_whole() -> None:
    huge = "x" * 3_000_000
    assert words(events(meta(), call("exec_command", {"cmd": "x"}), output(huge))[1]) == huge


def test_it_tells_a_command_how_it_ended() -> None:
    records = [meta(), call("exec_command", {"cmd": "x"}), output(HEADED.format("Process exited with code 2"))]
    command, result = events(*records)
    assert command.action == ShellCommand(command="x", exit_code=2)
    assert result.action == ToolResult(name="exec_command", is_error=True, call_id="codex-1")
    assert tally(*records).has_errors


def test_it_tells_a_command_only_once_how_it_ended() -> None:
    end = event("exec_command_end", call_id="c", exit_code=2)
    _, out = read(meta(), call("exec_command", {"cmd": "x"}), end, output("Exit code: 2\nOutput:\n"), end)
    assert len(out.amendments) == 1


def test_it_tells_a_running_command_how_it_ended_later() -> None:
    found = events(
        meta(),
        call("exec_command", {"cmd": "sleep 9"}),
        output(HEADED.format("Process running with session ID 7")),
        call("write_stdin", {"session_id": 7, "chars": ""}, "d", 3),
        output(HEADED.format("Process exited with code 4"), "d", 12),
    )
    assert found[0].action == ShellCommand(command="sleep 9", exit_code=4)


def test_it_names_a_result_after_the_last_call_when_its_own_is_unknown() -> None:
    _, unknown, without = events(
        meta(), call("view_image", {}), output("x", "other"), item("function_call_output", output="")
    )
    assert unknown.action == ToolResult(name="view_image", is_error=False)
    assert without.action == ToolResult(name="view_image", is_error=False, call_id="codex-2")


def test_it_remembers_a_bounded_number_of_calls() -> None:
    reader, _ = read(meta(), *(call("view_image", {}, f"c{number}") for number in range(MAX_CALLS * 2)))
    assert len(reader.state.calls) == MAX_CALLS


def test_it_tells_what_the_user_was_asked_and_answered() -> None:
    asked = {"questions": [{"id": "layout_mode", "header": "Layout", "question": "Which one?"}]}
    answers = json.dumps({"answers": {"layout_mode": {"answers": ["Always multi-column"]}}})
    _, question, answer, result = events(meta(), call("request_user_input", asked), output(answers))
    assert words(question) == "- layout_mode (Layout): Which one?"
    assert question.attributes["question_meta"] == [{"id": "layout_mode", "header": "Layout", "question": "Which one?"}]
    assert (words(answer), answer.attributes["source"]) == ("layout_mode: Always multi-column", "interactive")
    assert result.action == ToolResult(name="request_user_input", is_error=False, call_id="codex-1")
