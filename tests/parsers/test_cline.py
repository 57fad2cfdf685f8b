"""What the golden files of Cline and its kin cannot show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opensession.hail.model import Event, Session, Text
from parsers import parse, parser_of, recognise, sessions
from parsers.base import Document, DocumentParser, Output, ParseError, Sample
from parsers.cline.markup import Call, heading, parted, replaced, without
from parsers.cline.tools import actions
from parsers.discover import logs, tool_of
from parsers.sample import Match

T0 = 1_767_225_600_000
HISTORY, SCREEN = "api_conversation_history.json", "ui_messages.json"


def put(path: Path, document: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def said(role: str, *words: str, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": each} for each in words], **more}


def shown(ts: int, say: str, text: str = "", **more: Any) -> dict[str, Any]:
    return {"ts": T0 + ts, "type": "say", "say": say, "text": text, **more}


def words(event: Event) -> str:
    return "\n".join(block.text for block in event.content.blocks if isinstance(block, Text))


def told(session: Session) -> list[tuple[str, str]]:
    return [(type(event.action).__name__, words(event)) for event in session.events]


def recognised(path: Path) -> Match:
    found = recognise(Sample(path))
    return Match(found[0].confidence, found[0].tool)


def test_it_parts_thoughts_words_and_calls() -> None:
    text = "<thinking>Hm.</thinking>\nI look.\n\n<read_file>\n<path>a.py</path>\n</read_file>\nDone."
    assert parted(text) == ("Hm.", "I look.\n\nDone.", [Call("read_file", {"path": "a.py"})])


def test_it_leaves_a_tag_within_a_line_alone() -> None:
    assert parted("Use `<read_file>` for that.") == ("", "Use `<read_file>` for that.", [])


def test_it_keeps_tags_within_a_file() -> None:
    text = "<write_to_file>\n<path>a.xml</path>\n<content>\n<content>x</content>\n</content>\n</write_to_file>"
    assert parted(text)[2] == [Call("write_to_file", {"path": "a.xml", "content": "<content>x</content>"})]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[read_file for 'a.py'] Result:", "read_file"),
        ("[read_file for 2 files. Reading is cheap.] Result:\n\nx", "read_file"),
        ("[execute_command for 'test [ -e a ]'] Result:", "execute_command"),
        ("[update_todo_list] Result:", "update_todo_list"),
    ],
)
def test_it_knows_the_heading_of_a_result(text: str, name: str) -> None:
    found = heading(text)
    assert found
    assert found.name == name


def test_it_takes_no_other_brackets_for_a_heading() -> None:
    assert heading("[a] list of things") is None
    assert heading("[] Result:") is None


def test_a_second_divider_belongs_to_the_new_lines() -> None:
    blocks = "<<<<<<< SEARCH\na\n=======\nb\n=======\nc\n>>>>>>> REPLACE"
    assert replaced(blocks) == "@@ -1 +1,3 @@\n-a\n+b\n+=======\n+c\n"


def test_it_cuts_nothing_where_a_tag_stays_open() -> None:
    assert without("a<x>b</x>c<x>d", "x") == "ac<x>d"


@pytest.mark.parametrize("arguments", [None, [], "", 7, {"files": 7}, {"files": [None, {}]}, {"commands": None}])
def test_a_call_with_odd_arguments_is_still_one_call(arguments: Any) -> None:
    for name in (
        "read_file",
        "apply_diff",
        "editor",
        "run_commands",
        "search_codebase",
        "apply_patch",
        "insert_content",
    ):
        assert len(actions(name, arguments)) == 1


def test_the_folder_tells_more_than_the_fields(tmp_path: Path) -> None:
    kilo = tmp_path / "globalStorage" / "kilocode.kilo-code" / "tasks" / "1" / HISTORY
    roo = tmp_path / "elsewhere" / "1" / HISTORY
    for path in (kilo, roo):
        put(path, [said("user", "<task>\nGo\n</task>", ts=T0)])
    assert [recognised(path).reason for path in (kilo, roo)] == ["kilo-code", "roo-code"]


def test_messages_of_anything_else_are_not_taken(tmp_path: Path) -> None:
    path = put(tmp_path / "chat.json", [said("user", "Hello", ts=T0)])
    assert not [each for each in recognise(Sample(path)) if each.tool in ("cline", "roo-code")]


def test_a_half_written_history_is_an_error(tmp_path: Path) -> None:
    path = put(tmp_path / "tasks" / "1" / HISTORY, '[{"role": "user", "content": [{"ty')
    with pytest.raises(ParseError):
        parse(path, "cline")


def test_a_half_written_screen_costs_only_what_it_shows(tmp_path: Path) -> None:
    path = put(tmp_path / "tasks" / "1" / HISTORY, [said("user", "<task>\nGo\n</task>")])
    put(path.with_name(SCREEN), '[{"ts": 1')
    assert told(parse(path, "cline")) == [("UserMessage", "Go")]


def test_an_answer_that_was_interrupted_is_told_from_the_screen(tmp_path: Path) -> None:
    path = put(tmp_path / "tasks" / "1" / HISTORY, [said("user", "<task>\nGo\n</task>", ts=T0 + 20)])
    put(path.with_name(SCREEN), [shown(0, "text", "Go"), shown(10, "api_req_started", "{}"), shown(30, "text", "I g")])
    assert told(parse(path, "roo-code")) == [("UserMessage", "Go"), ("AgentMessage", "I g")]


def test_what_the_history_tells_is_not_told_again(tmp_path: Path) -> None:
    history = [said("user", "<task>\nGo\n</task>", ts=T0 + 20), said("assistant", "I go.", ts=T0 + 40)]
    path = put(tmp_path / "tasks" / "1" / HISTORY, history)
    screen = [shown(0, "text", "Go"), shown(10, "api_req_started", "{}"), shown(30, "text", "I go.")]
    put(path.with_name(SCREEN), [*screen, shown(50, "api_req_started", "{}"), shown(60, "text", "I go.")])
    assert told(parse(path, "roo-code")) == [("UserMessage", "Go"), ("AgentMessage", "I go.")]


def test_a_list_of_tasks_leads_nowhere_else(tmp_path: Path) -> None:
    put(tmp_path / "secret" / HISTORY, [said("user", "A secret")])
    item = {"id": "../secret", "ts": T0, "task": "Look"}
    path = put(tmp_path / "state" / "taskHistory.json", [item, {"id": "a\0b", "ts": T0, "task": "Look"}])
    put(tmp_path / "tasks" / "1" / HISTORY, [])
    assert [told(session) for session in sessions(path, "cline")] == [[("UserMessage", "Look")]] * 2


def opened(path: Path) -> dict[str, str]:
    parser = parser_of("cline")
    assert isinstance(parser, DocumentParser)
    with parser.open(path) as document:
        return dict(document.threads())


def test_a_session_is_marked_anew_when_it_or_its_subagent_changes(tmp_path: Path) -> None:
    messages = {"version": 1, "sessionId": "s", "messages": [said("user", "Hello", id="m1")]}
    path = put(tmp_path / "sessions" / "s" / "s.messages.json", messages)
    alone = opened(path)
    sub = put(path.with_name("a.messages.json"), messages)
    both = opened(path)
    put(sub, messages | {"messages": []})
    assert list(alone) == ["s"]
    assert list(both) == ["s", "s#a"]
    assert both["s"] == alone["s"]
    assert opened(path)["s#a"] != both["s#a"]


def test_a_subagent_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    path = put(tmp_path / "s" / "s.messages.json", {"version": 1, "sessionId": "s", "messages": []})
    parser = parser_of("cline")
    assert isinstance(parser, DocumentParser)
    with parser.open(path) as document, pytest.raises(ParseError):
        _read(document, "s#../../x")


def _read(document: Document, locator: str) -> None:
    document.read(locator, Output())


def test_a_change_beside_a_history_leads_to_it(tmp_path: Path) -> None:
    task = put(tmp_path / ".cline" / "data" / "tasks" / "1" / HISTORY, [])
    session = put(tmp_path / ".cline" / "data" / "sessions" / "s" / "s.messages.json", {})
    for changed, log in ((task.with_name(SCREEN), task), (session.with_name("s.json"), session)):
        assert tool_of(str(changed), tmp_path, {}) == ("cline", str(log))
    assert {log.path for log in logs(tmp_path, {}, []) if log.tool == "cline"} == {str(task), str(session)}


def test_many_blocks_of_one_message_take_no_longer(tmp_path: Path) -> None:
    """Ids that repeat are numbered by a count of each; looking for a free one would take minutes here."""
    path = put(tmp_path / "tasks" / "1" / HISTORY, [said("user", *["x"] * 20_000)])
    assert len({event.event_id for event in parse(path, "cline").events}) == 20_000
