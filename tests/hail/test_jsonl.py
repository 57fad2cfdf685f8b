from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings

from opensession.hail import jsonl
from opensession.hail.actions import FileEdit, TaskEnd, TaskStart, ToolCall, UnknownAction, UserMessage
from opensession.hail.model import Event, Header, Json, Session, Stats
from opensession.hail.stats import count
from tests.hail import generated
from tests.hail.samples import DEMO, EVENT_LINE, HEADER_LINE, STATS_LINE, corpus_files, make_event, make_session


def refused(data: bytes) -> tuple[str, int]:
    with pytest.raises(jsonl.HailError) as caught:
        jsonl.loads(data)
    assert f"line {caught.value.line}" in str(caught.value)
    return caught.value.kind, caught.value.line


def event_with(old: bytes, new: bytes) -> bytes:
    assert old in EVENT_LINE
    return EVENT_LINE.replace(old, new)


def test_it_works() -> None:
    assert jsonl.dumps(jsonl.loads(HEADER_LINE + EVENT_LINE + STATS_LINE)) == HEADER_LINE + EVENT_LINE + STATS_LINE


def test_it_adds_tags_and_stats_when_they_are_missing() -> None:
    short = HEADER_LINE.replace(b'"tags":[],', b"") + EVENT_LINE
    assert jsonl.dumps(jsonl.loads(short)) == HEADER_LINE + EVENT_LINE + STATS_LINE


def test_it_rewrites_a_full_session_byte_for_byte() -> None:
    session = jsonl.loads(DEMO)
    lines = jsonl.dumps(session).splitlines(keepends=True)
    assert b"".join(lines[:-1]) == DEMO
    assert session.stats == Stats(
        event_count=13,
        message_count=3,
        tool_call_count=1,
        task_count=2,
        duration_seconds=330,
        total_input_tokens=1200,
        total_output_tokens=300,
        user_message_count=1,
        files_changed=2,
        lines_added=2,
        lines_removed=1,
    )


def test_a_session_without_events_is_two_lines() -> None:
    assert jsonl.dumps(make_session()).count(b"\n") == 2


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ("MissingHeader", 1)),
        (b"\n" + HEADER_LINE, ("Json", 1)),
        (b"\xef\xbb\xbf" + HEADER_LINE, ("Json", 1)),
        (EVENT_LINE, ("UnexpectedLineType", 1)),
        (STATS_LINE, ("UnexpectedLineType", 1)),
        (HEADER_LINE + b"  \n", ("Json", 2)),
        (HEADER_LINE + EVENT_LINE + b'{"type":"note"}\n', ("Json", 3)),
        (HEADER_LINE + b"\n\n" + b"{}\n", ("Json", 4)),
        (HEADER_LINE + b"[1]\n", ("Json", 2)),
        (HEADER_LINE + b'{"type":null}', ("Json", 2)),
        (HEADER_LINE + b'{"type":["event"]}', ("Json", 2)),
        (HEADER_LINE + EVENT_LINE[:-9], ("Json", 2)),
        (HEADER_LINE + b"\xff\n", ("Json", 2)),
    ],
)
def test_it_names_the_error_and_the_line(data: bytes, expected: tuple[str, int]) -> None:
    assert refused(data) == expected


@pytest.mark.parametrize(
    "line",
    [
        event_with(b',"content":{"blocks":[{"type":"Text","text":"hi"}]}', b""),
        event_with(b'{"blocks":[{"type":"Text","text":"hi"}]}', b"null"),
        event_with(b'[{"type":"Text","text":"hi"}]', b"null"),
        event_with(b'{"blocks":[{"type":"Text","text":"hi"}]}', b"{}"),
        event_with(b'"text":"hi"', b'"text":5'),
        event_with(b'{"type":"Text","text":"hi"}', b'{"type":"text","text":"hi"}'),
        event_with(b'{"type":"Text","text":"hi"}', b'{"type":"Json"}'),
        event_with(b'{"type":"Text","text":"hi"}', b'{"type":"Code","code":"","start_line":-1}'),
        event_with(b'{"type":"Text","text":"hi"}', b'{"type":"Code","code":"","start_line":4294967296}'),
        event_with(b'{"type":"UserMessage"}', b'"UserMessage"'),
        event_with(b'{"type":"UserMessage"}', b'{"type":"UserMessage","data":{}}'),
        event_with(b'{"type":"UserMessage"}', b'{"type":"UserMessage","data":{"x":1}}'),
        event_with(b'{"type":"UserMessage"}', b'{"type":"TaskStart"}'),
        event_with(b'{"type":"UserMessage"}', b'{"type":"TaskEnd","data":null}'),
        event_with(b'{"type":"UserMessage"}', b'{"type":"ToolCall","data":{}}'),
        event_with(b'{"type":"UserMessage"}', b'{"type":"ToolResult","data":{"name":"x","is_error":"true"}}'),
        event_with(b'{"type":"UserMessage"}', b'{"type":"ShellCommand","data":{"command":"x","exit_code":1.0}}'),
        event_with(b'{"type":"UserMessage"}', b'{"type":"ShellCommand","data":{"command":"x","exit_code":2147483648}}'),
        event_with(b'{"type":"UserMessage"}', b"{}"),
        event_with(b'"event_id":"e1"', b'"event_id":null'),
        event_with(b'"event_id":"e1"', b'"event_id":"e1","duration_ms":-1'),
        event_with(b'"event_id":"e1"', b'"event_id":"e1","duration_ms":18446744073709551616'),
        event_with(b'"event_id":"e1"', b'"event_id":"e1","attributes":null'),
        event_with(b'"event_id":"e1"', b'"event_id":"e1","attributes":{"a":NaN}'),
        event_with(b'"event_id":"e1"', rb'"event_id":"\ud800"'),
        event_with(b"2026-02-01T00:00:00Z", b"2026-02-01T00:00:00"),
        event_with(b'"2026-02-01T00:00:00Z"', b"5"),
        event_with(b"}\n", b"} x\n"),
        event_with(b"}\n", b",}\n"),
        STATS_LINE.replace(b'"event_count":1', b'"event_count":null'),
        STATS_LINE.replace(b'"event_count":1,', b""),
        STATS_LINE.replace(b'"files_changed":0', b'"files_changed":null'),
        STATS_LINE.replace(b'"files_changed":0', b'"files_changed":18446744073709551616'),
        HEADER_LINE.replace(b"[]", b"null"),
        HEADER_LINE.replace(b'"model":"m",', b""),
        HEADER_LINE.replace(b"2026-02-01T00:00:00Z", b"yesterday"),
    ],
)
@pytest.mark.parametrize("unknown_key", [b"", b'"x-new":1,'])
def test_it_refuses_wrong_shapes_also_beside_unknown_keys(line: bytes, unknown_key: bytes) -> None:
    line = line.replace(b"{", b"{" + unknown_key, 1)
    assert refused(HEADER_LINE + line) == ("Json", 2)


def test_it_takes_null_for_what_may_be_absent() -> None:
    line = event_with(b'"event_id"', b'"task_id":null,"duration_ms":null,"event_id"')
    line = line.replace(b'{"type":"UserMessage"}', b'{"data":null,"type":"UserMessage"}')
    assert jsonl.event_line(jsonl.event(line)) == EVENT_LINE


def test_it_reads_line_ends_of_every_kind() -> None:
    data = HEADER_LINE + EVENT_LINE + b"\n" + STATS_LINE
    assert jsonl.loads(data.replace(b"\n", b"\r\n")) == jsonl.loads(data) == jsonl.loads(data.rstrip())


def test_it_splits_lines_at_line_feeds_only() -> None:
    words = "a\u2028b\x85c"
    session = make_session([make_event(words=words)])
    assert jsonl.loads(jsonl.dumps(session)) == session
    assert "\u2028".encode() in jsonl.dumps(session)


def test_the_first_header_and_the_last_stats_win() -> None:
    other = HEADER_LINE.replace(b"s1", b"s2")
    wrong = STATS_LINE.replace(b'"event_count":1', b'"event_count":77')
    session = jsonl.loads(HEADER_LINE + EVENT_LINE + STATS_LINE + b"\n" + other + EVENT_LINE + wrong + EVENT_LINE)
    assert (session.header.session_id, len(session.events), session.stats.event_count) == ("s1", 3, 77)


def test_it_writes_payloads_only_where_the_format_has_them() -> None:
    def written(event: Event) -> bytes:
        return msgspec.json.encode(msgspec.json.decode(jsonl.event_line(event))["event_type"])

    assert written(make_event(UserMessage())) == b'{"type":"UserMessage"}'
    assert written(make_event(TaskStart())) == b'{"type":"TaskStart","data":{}}'
    assert written(make_event(TaskEnd(summary=""))) == b'{"type":"TaskEnd","data":{"summary":""}}'
    assert written(make_event(FileEdit(path="a"))) == b'{"type":"FileEdit","data":{"path":"a"}}'


def test_it_keeps_unknown_keys_where_they_were() -> None:
    line = (
        b'{"type":"event","event_id":"e1","timestamp":"2026-02-01T00:00:00Z","event_type":{"type":"ToolCall",'
        b'"data":{"name":"Bash","in":1},"beside":2},"content":{"blocks":[{"type":"Text","text":"hi","block":3}],'
        b'"content":4},"event":{"deep":5}}\n'
    )
    event = jsonl.event(line)
    assert event.action == ToolCall(name="Bash", extra={"in": 1})
    assert event.extra == {"event": {"deep": 5}, "event_type": {"beside": 2}}
    assert jsonl.event_line(event) == line


def test_it_keeps_an_event_type_of_another_version() -> None:
    line = event_with(b'{"type":"UserMessage"}', b'{"type":"Teleport","data":{"to":[1]},"beside":2}')
    event = jsonl.event(line)
    assert event.action == UnknownAction(name="Teleport", data={"to": [1]}, extra={"beside": 2})
    assert jsonl.event_line(event) == line


def test_it_keeps_numbers_in_free_form_json() -> None:
    line = event_with(b'{"type":"Text","text":"hi"}', b'{"type":"Json","data":[1.0,2000.0,18446744073709551616,null]}')
    assert jsonl.event_line(jsonl.event(line)) == line


@pytest.mark.parametrize("unknown_key", [b"", b',"x-new":1'])
def test_it_limits_nesting(unknown_key: bytes) -> None:
    def nested(depth: int) -> bytes:
        free_form = b"[" * depth + b"]" * depth
        return event_with(b'"event_id"', b'"attributes":{"a":' + free_form + b"}" + unknown_key + b',"event_id"')

    assert jsonl.event(nested(125))
    with pytest.raises(jsonl.HailError):
        jsonl.event(nested(126))
    with pytest.raises(jsonl.HailError):
        jsonl.event(nested(100_000))


def test_many_brackets_are_not_deep() -> None:
    event = make_event(words="{[" * 500, attributes={"a": [[1], {}] * 200})
    assert jsonl.event(jsonl.event_line(event)) == event


def test_it_reads_one_value_at_a_time() -> None:
    def lines() -> Iterator[bytes]:
        yield HEADER_LINE
        yield EVENT_LINE
        raise AssertionError("read too far")

    values = jsonl.read(lines())
    assert isinstance(next(values), Header)
    assert isinstance(next(values), Event)


def test_reading_ends_with_stats_even_when_none_are_written() -> None:
    *_, stats = jsonl.read([HEADER_LINE, EVENT_LINE])
    assert stats == Stats(event_count=1, message_count=1, user_message_count=1)


def test_it_counts_while_writing() -> None:
    session = jsonl.loads(HEADER_LINE + EVENT_LINE + STATS_LINE.replace(b'"event_count":1', b'"event_count":9'))
    assert b"".join(jsonl.write(session.header, session.events)) == HEADER_LINE + EVENT_LINE + STATS_LINE


def test_it_reads_a_single_event_only() -> None:
    with pytest.raises(jsonl.HailError) as caught:
        jsonl.event(HEADER_LINE)
    assert caught.value.kind == jsonl.UNEXPECTED_LINE_TYPE


@pytest.mark.parametrize("tail", [EVENT_LINE, b"{oops", b"", EVENT_LINE + b"\n\n"])
def test_the_summary_has_no_stats_unless_the_last_line_holds_them(tail: bytes) -> None:
    header, stats = jsonl.read_summary([HEADER_LINE, STATS_LINE, *tail.splitlines(keepends=True)])
    assert header == jsonl.read_header([HEADER_LINE])
    assert (stats is None) == bool(tail)


def test_partial_readers_need_a_header() -> None:
    with pytest.raises(jsonl.HailError) as caught:
        jsonl.read_summary([])
    assert caught.value.kind == jsonl.MISSING_HEADER
    with pytest.raises(jsonl.HailError):
        jsonl.read_header([EVENT_LINE])


def test_a_document_is_the_same_session() -> None:
    session = jsonl.loads(DEMO)
    document = jsonl.to_json(session)
    assert jsonl.from_json(document) == session
    assert list(msgspec.json.decode(document)) == ["version", "session_id", "agent", "context", "events", "stats"]
    assert b'"type":"event"' not in document


def test_a_document_may_carry_type_keys() -> None:
    raw = msgspec.json.decode(jsonl.to_json(jsonl.loads(DEMO)))
    raw["type"] = "header"
    raw["events"][0]["type"] = "event"
    assert jsonl.from_json(msgspec.json.encode(raw)) == jsonl.loads(DEMO)


@pytest.mark.parametrize("broken", [{"stats": None}, {"events": None}, {"events": [5]}, {"version": 5}, {"stats": {}}])
def test_a_document_needs_all_its_parts(broken: dict[str, object]) -> None:
    raw = msgspec.json.decode(jsonl.to_json(jsonl.loads(DEMO)))
    with pytest.raises(jsonl.HailError) as caught:
        jsonl.from_json(msgspec.json.encode(raw | broken))
    assert caught.value.kind == jsonl.JSON


@settings(deadline=None, max_examples=200)
@given(generated.sessions)
def test_writing_and_reading_loses_nothing(session: Session) -> None:
    data = jsonl.dumps(session)
    assert jsonl.loads(data) == session
    assert jsonl.dumps(jsonl.loads(data)) == data
    assert jsonl.from_json(jsonl.to_json(session)) == session


@settings(deadline=None, max_examples=100)
@given(generated.json)
def test_any_json_is_an_event_or_an_error(value: object) -> None:
    with pytest.raises(jsonl.HailError):
        jsonl.event(msgspec.json.encode(value))
    event = make_event()
    block = Json(data=value)
    kept = msgspec.structs.replace(event, content=msgspec.structs.replace(event.content, blocks=(block,)))
    assert jsonl.event(jsonl.event_line(kept)) == kept


def test_real_files_are_rewritten_without_loss() -> None:
    for path in corpus_files("files/hail/**/*.hail.jsonl"):
        data = path.read_bytes()
        rewritten = jsonl.dumps(jsonl.loads(data))
        assert list(map(msgspec.json.decode, rewritten.splitlines())) == list(
            map(msgspec.json.decode, data.rstrip().split(b"\n"))
        ), path


def test_golden_files_are_read() -> None:
    for path in corpus_files("golden/**/*.hail.jsonl"):
        with path.open("rb") as lines:
            values = list(jsonl.read(lines))
        assert isinstance(values[0], Header)
        assert values[-1].event_count == len(values) - 2  # type: ignore[union-attr]


def test_the_documented_example_is_exact() -> None:
    page = (Path(__file__).parents[2] / "docs" / "hail.md").read_bytes()
    example = page.partition(b"```jsonl\n")[2].partition(b"```")[0]
    session = jsonl.loads(example)
    assert jsonl.dumps(session) == example
    assert session.stats == count(session.events)
