from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from opensession.hail.actions import FileRead, UserMessage
from parsers import ParseError, parse
from parsers.base import Output
from parsers.discover import logs, tool_of
from parsers.grok.updates import active
from tests.golden import FIXTURES
from tests.parsers.logs import write

WORKSPACE = "%2Fhome%2Fdev%2Fshop"
SESSION = "019a0000-0000-7000-8000-00000000000a"


def home(folder: Path) -> Path:
    shutil.copytree(FIXTURES / "grok" / "sessions", folder / ".grok" / "sessions")
    return folder / ".grok" / "sessions" / WORKSPACE / SESSION


def update(kind: str, words: str = "", **more: Any) -> dict[str, Any]:
    told = {"sessionUpdate": kind, "content": {"type": "text", "text": words}, **more}
    return {"timestamp": 1785578400, "method": "session/update", "params": {"sessionId": "s", "update": told}}


def prompt(index: int, words: str) -> dict[str, Any]:
    return update("user_message_chunk", words, _meta={"promptIndex": index})


def typed(path: Path) -> list[str]:
    events = (event for event in parse(path, "grok").events if isinstance(event.action, UserMessage))
    return [block.text for event in events for block in event.content.blocks if hasattr(block, "text")]


@pytest.mark.parametrize("name", ["summary.json", "signals.json", "chat_history.jsonl"])
def test_it_reads_the_session_from_any_of_its_files(tmp_path: Path, name: str) -> None:
    session = home(tmp_path)
    assert parse(session / name).events == parse(session / "updates.jsonl").events


def test_it_reads_what_the_model_was_sent_where_the_updates_say_nothing(tmp_path: Path) -> None:
    write(tmp_path / "updates.jsonl", [update("available_commands_update")])
    chat = write(tmp_path / "chat_history.jsonl", [{"type": "user", "content": [{"type": "text", "text": "Hi"}]}])
    assert typed(chat) == ["Hi"]


def test_it_reads_a_wrapper_without_an_end_in_no_time(tmp_path: Path) -> None:
    words = "<user_query>" + " " * 100_000 + "Hi"
    chat = write(tmp_path / "chat_history.jsonl", [{"type": "user", "content": [{"type": "text", "text": words}]}])
    assert typed(chat)[0].endswith("Hi")


@pytest.mark.parametrize(
    ("target", "left"), [(0, ["d"]), (1, ["a", "d"]), (2, ["a", "b", "d"]), (9, ["a", "b", "c", "d"])]
)
def test_it_forgets_what_was_rewound(tmp_path: Path, target: int, left: list[str]) -> None:
    said = [prompt(place, word) for place, word in enumerate("abc")]
    back = update("rewind_marker", target_prompt_index=target)
    assert typed(write(tmp_path / "updates.jsonl", [*said, back, prompt(target, "d")])) == left


def test_it_counts_each_record_once_even_where_it_was_rewound() -> None:
    records = [prompt(0, "a"), update("tool_call", toolCallId="c"), update("rewind_marker", target_prompt_index=0)]
    kept = active(records, out := Output())
    assert (kept, out.records, sum(out.ignored.values())) == ([], 3, 3)


def test_it_takes_what_a_call_was_given_from_a_later_update(tmp_path: Path) -> None:
    begun = update("tool_call", toolCallId="c", title="read_file")
    later = update("tool_call_update", toolCallId="c", rawInput={"target_file": "a.py"})
    session = parse(write(tmp_path / "updates.jsonl", [begun, later]), "grok")
    assert [event.action for event in session.events] == [FileRead(path="a.py")]


def test_it_keeps_the_lines_that_have_no_number(tmp_path: Path) -> None:
    begun = update("tool_call", toolCallId="c", title="read_file", rawInput={"target_file": "a.py"})
    block = {"type": "content", "content": {"type": "text", "text": "7→a\nb\nc"}}
    ended = update("tool_call_update", toolCallId="c", status="completed")
    ended["params"]["update"]["content"] = [block]
    session = parse(write(tmp_path / "updates.jsonl", [begun, ended]), "grok")
    (code,) = session.events[1].content.blocks
    assert (getattr(code, "code", ""), getattr(code, "start_line", 0)) == ("a\nb\nc", 7)


def test_it_takes_the_words_of_the_user_out_of_what_is_wrapped_around_them(tmp_path: Path) -> None:
    words = "<user_info>\nLinux\n</user_info>\n<user_query>\nHi\n</user_query>"
    chat = write(tmp_path / "chat_history.jsonl", [{"type": "user", "content": [{"type": "text", "text": words}]}])
    assert typed(chat) == ["Hi"]


def test_it_says_when_there_is_no_session(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="No such file"):
        parse(tmp_path / "summary.json", "grok")


def test_a_change_of_any_file_is_one_of_its_session(tmp_path: Path) -> None:
    session = home(tmp_path)
    found = [log.path for log in logs(tmp_path, {}, []) if log.tool == "grok"]
    assert len(found) == 3
    for name in ("updates.jsonl", "chat_history.jsonl", "summary.json"):
        owner = tool_of(str(session / name), tmp_path, {})
        assert owner
        assert owner.log == str(session / "summary.json") == found[0]


def test_it_finds_a_home_that_a_variable_moved(tmp_path: Path) -> None:
    home(tmp_path)
    found = [log.path for log in logs(tmp_path / "none", {"GROK_HOME": str(tmp_path / ".grok")}, [])]
    assert len(found) == 3
