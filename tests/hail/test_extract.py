from __future__ import annotations

from typing import Any

import pytest

from opensession.hail import extract, jsonl
from opensession.hail.actions import (
    AgentMessage,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    ShellCommand,
    ToolCall,
    ToolResult,
)
from opensession.hail.model import Code, Content, Event, Text
from tests.hail.samples import DEMO, make_context, make_event, make_session, result, shell


def call(**fields: Any) -> Event:
    return make_event(ToolCall(name="Bash"), **fields)


def answer(name: str = "Bash", call_id: str | None = None, **fields: Any) -> Event:
    return make_event(ToolResult(name=name, is_error=False, call_id=call_id), **fields)


def test_it_describes_an_upload() -> None:
    words = "Make the totals exact\non every invoice (API_KEY=k-9)"
    assert extract.upload(jsonl.loads(DEMO)) == extract.Upload(
        title=words,
        description=words,
        tags="claude-code,store",
        created_at="2026-03-04T09:00:00+00:00",
        working_directory="/home/alice/store",
        files_modified='["/home/alice/store/src/totals.py","/home/alice/store/tests/test_totals.py"]',
        files_read=None,
        has_errors=True,
    )


def test_an_empty_session_has_no_metadata() -> None:
    assert extract.upload(make_session()) == extract.Upload(
        title=None,
        description=None,
        tags=None,
        created_at="2026-02-01T12:00:00+00:00",
        working_directory=None,
        files_modified=None,
        files_read=None,
        has_errors=False,
    )


def test_given_titles_are_untouched() -> None:
    long = "x" * 600
    context = make_context(title=long, description="  ", tags=("",))
    upload = extract.upload(make_session([make_event(words="hi")], title=long, description="  ", tags=("",)))
    assert (upload.title, upload.description, upload.tags) == (long, "  ", "")
    assert extract.title(context, []) == long


def test_automatic_titles_are_cut() -> None:
    events = [make_event(words="한" * 30), *(make_event(words="y" * 300) for _ in range(5))]
    context = make_context(title="", description="")
    assert extract.title(context, events) == "한" * 25 + "..."
    assert extract.description(context, events) == f"{'한' * 30} {'y' * 300} {'y' * 105}..."


def test_user_text_is_the_first_text_that_is_not_blank() -> None:
    blocks = (Code(code="x = 1"), Text(text=" \n"), Text(text=" one\ntwo "), Text(text="three"))
    assert extract.user_text(make_event(content=Content(blocks=blocks))) == "one\ntwo"
    assert extract.user_text(make_event()) == ""


def test_user_texts_skip_blank_messages_and_other_events() -> None:
    events = [make_event(words=" "), make_event(AgentMessage(), words="agent"), *map(words_event, "abcd")]
    assert extract.first_user_text(iter(events)) == "a"
    assert extract.user_texts(events, 3) == ["a", "b", "c"]
    assert extract.user_texts(events) == ["a", "b", "c", "d"]
    assert extract.first_user_text([]) == ""


def words_event(words: str) -> Event:
    return make_event(words=words)


@pytest.mark.parametrize(
    ("words", "size", "expected"),
    [
        ("hello world", 8, "hello..."),
        ("hello", 5, "hello"),
        ("hello", 4, "h..."),
        ("hello", 3, "..."),
        ("hello", 2, "..."),
        ("hello", 0, "..."),
        ("ééééé", 9, "ééé..."),
        ("ééééé", 8, "éé..."),
        ("한국어텍스트", 8, "한..."),
    ],
)
def test_it_truncates_by_bytes(words: str, size: int, expected: str) -> None:
    assert extract.truncate(words, size) == expected


def test_it_collapses_and_condenses() -> None:
    assert extract.collapse(" a\n\t b\u3000c ") == "a b c"
    assert extract.condense([1, 2, 3], 1, 3) == [1, 2, 3]
    assert extract.condense(range(20), 3, 6) == [0, 1, 2, 17, 18, 19]
    assert extract.condense(range(4), 3, 3) == [0, 1, 2]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0s"), (45, "45s"), (60, "1m 0s"), (750, "12m 30s"), (3600, "1h 0m 0s"), (3661, "1h 1m 1s")],
)
def test_it_writes_durations(seconds: int, expected: str) -> None:
    assert extract.duration_text(seconds) == expected


def test_it_lists_files() -> None:
    kinds = [FileRead(path="b"), FileEdit(path="b"), FileRead(path="z"), FileRead(path="C"), FileDelete(path="a")]
    events = [make_event(kind) for kind in kinds]
    assert extract.files_modified(events) == ("a", "b")
    assert extract.files_read(events) == ("C", "z")


def test_it_separates_changed_and_deleted_paths() -> None:
    kinds = [FileEdit(path="b"), FileDelete(path="b"), FileDelete(path="d"), FileCreate(path="a")]
    assert extract.changed_paths([make_event(kind) for kind in kinds]) == (("a", "b"), ("d",))


def test_it_knows_errors() -> None:
    assert not extract.has_errors([shell(0), shell(None), result(False)])
    assert extract.has_errors([shell(0), shell(2)])
    assert extract.has_errors([result(True)])


@pytest.mark.parametrize(
    ("attributes", "stated", "usable"),
    [
        ({"cwd": "  "}, "  ", None),
        ({"cwd": "", "working_directory": "/srv/app"}, "", "/srv/app"),
        ({"cwd": 5, "working_directory": "/srv/app"}, None, "/srv/app"),
        ({"working_directory": " /srv/app "}, " /srv/app ", "/srv/app"),
        ({}, None, None),
    ],
)
def test_it_finds_the_working_directory(attributes: dict[str, Any], stated: str | None, usable: str | None) -> None:
    context = make_context(attributes=attributes)
    assert extract.stated_directory(context) == stated
    assert extract.working_directory(context) == usable


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "primary"),
        ({"attributes": {"session_role": " AUXILIARY "}}, "auxiliary"),
        ({"attributes": {"session_role": "Primary"}, "related_session_ids": ("x",)}, "primary"),
        ({"attributes": {"session_role": "boss"}, "related_session_ids": ("",)}, "auxiliary"),
        ({"attributes": {"parent_session_id": "p"}}, "auxiliary"),
        ({"attributes": {"parent_session_id": " "}}, "primary"),
        ({"attributes": {"parent_session_id": 5}}, "primary"),
    ],
)
def test_it_tells_the_role(fields: dict[str, Any], expected: str) -> None:
    assert extract.role(make_context(**fields)) == expected


def test_it_reads_the_source_path() -> None:
    assert extract.source_path(make_context(attributes={"source_path": " /logs/a.jsonl "})) == "/logs/a.jsonl"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (answer(call_id=" b ", attributes={"semantic.call_id": " a ", "call_id": "c"}), "a"),
        (answer(call_id=" b ", attributes={"semantic.call_id": 5, "call_id": "c"}), "b"),
        (answer(call_id=" ", attributes={"call_id": "c"}), "c"),
        (make_event(ShellCommand(command="ls"), attributes={"call_id": "c"}), "c"),
        (call(), None),
    ],
)
def test_it_finds_the_call_id(event: Event, expected: str | None) -> None:
    assert extract.call_id(event) == expected


def test_it_pairs_by_call_id_and_the_last_result_wins() -> None:
    named = {"semantic.call_id": "c1"}
    events = [
        call(attributes=named),
        answer(call_id="c1"),
        call(event_id="e9"),
        answer(call_id="c1"),
        answer("x", "e9"),
    ]
    assert extract.pairs(events) == {0: 3, 2: 4}


def test_it_pairs_by_name_within_seven_events() -> None:
    pause = [make_event(AgentMessage())]
    assert extract.pairs([call(), answer("Read"), answer()]) == {0: 2}
    assert extract.pairs([call(), *pause * 6, answer()]) == {0: 7}
    assert extract.pairs([call(), *pause * 7, answer()]) == {}
    assert extract.pairs([call(), call(), answer()]) == {1: 2}


def test_only_tool_calls_start_a_pair() -> None:
    command = make_event(ShellCommand(command="ls"), attributes={"call_id": "c"})
    assert extract.pairs([command, answer(call_id="c")]) == {}
