from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from opensession.hail import actions
from opensession.hail.actions import Action, FileDelete, FileEdit, FileRead, TaskEnd, UnknownAction
from opensession.hail.model import Event, Stats
from opensession.hail.stats import Tally, changed_lines, count, max_active_agents
from tests.hail.generated import events as any_events
from tests.hail.samples import end, make_event, result, shell, start


def tokens(*attributes: dict[str, Any]) -> tuple[int, int]:
    stats = count(make_event(attributes=each) for each in attributes)
    return stats.total_input_tokens, stats.total_output_tokens


def tallied(events: list[Event]) -> Tally:
    tally = Tally()
    for event in events:
        tally.add(event)
    return tally


def test_it_counts_nothing_without_events() -> None:
    assert count([]) == Stats()


@pytest.mark.parametrize(
    ("diff", "expected"),
    [
        ("+a\n-b", (1, 1)),
        ("+++ b\n--- a\n+x", (1, 0)),
        ("++x", (1, 0)),
        ("+++x", (0, 0)),
        ("--y\n---y", (0, 1)),
        ("+", (1, 0)),
        ("+a\r-b", (1, 0)),
        ("+a\u2028-b\x0b-c", (1, 0)),
        ("", (0, 0)),
        ("+a\r\n-b\r\n", (1, 1)),
    ],
)
def test_it_counts_changed_lines(diff: str, expected: tuple[int, int]) -> None:
    assert changed_lines(diff) == expected
    stats = count([make_event(FileEdit(path="a", diff=diff))])
    assert (stats.lines_added, stats.lines_removed) == expected


def test_it_sums_tokens() -> None:
    assert tokens({"input_tokens": 5}, {"input_tokens": 7, "output_tokens": 3}) == (12, 3)


def test_it_prefers_running_totals() -> None:
    assert tokens({"input_tokens": 5, "input_tokens_total": 100}, {"input_tokens_total": 90}) == (100, 0)
    assert tokens({"input_tokens": 5, "input_tokens_total": 9, "output_tokens": 3}) == (9, 3)
    assert tokens({"output_tokens": 5, "output_tokens_total": 2}) == (0, 2)


@pytest.mark.parametrize("bad", [5.0, -5, "5", True, None, 2**64])
def test_it_takes_bad_token_numbers_for_nothing(bad: object) -> None:
    assert tokens({"input_tokens": bad}, {"input_tokens": 2}) == (2, 0)
    assert tokens({"input_tokens": 5, "input_tokens_total": bad}) == (0, 0)


def test_it_can_store_any_sum_of_tokens() -> None:
    tally = tallied([make_event(attributes={"input_tokens": 2**64 - 1})] * 2)
    assert msgspec.msgpack.encode(tally)
    assert tally.stats().total_input_tokens == 2**64 - 1


def test_it_counts_only_four_actions_as_tool_calls() -> None:
    kinds = (*actions.PLAIN, *actions.WITH_DATA)
    counted = [kind for kind in kinds if count([make_event(filled(kind))]).tool_call_count]
    assert counted == [actions.ToolCall, actions.FileRead, actions.CodeSearch, actions.FileSearch]


def filled(kind: type[Action]) -> Action:
    required = (field.name for field in msgspec.structs.fields(kind) if field.required)
    return msgspec.convert({name: name == "is_error" or "x" for name in required}, kind)


def test_it_counts_task_summaries_as_messages() -> None:
    summaries = [None, "", " \n", "done"]
    stats = count([*(make_event(TaskEnd(summary=each)) for each in summaries), make_event()])
    assert (stats.message_count, stats.user_message_count) == (2, 1)


def test_it_compares_tasks_and_paths_raw() -> None:
    events = [make_event(task_id=task) for task in ("a", " a ", "", "a", None)]
    events += [make_event(FileEdit(path="a")), make_event(FileDelete(path="./a")), make_event(FileRead(path="b"))]
    stats = count(events)
    assert (stats.task_count, stats.files_changed) == (3, 2)


def test_it_measures_from_the_first_listed_event_to_the_last() -> None:
    moments = ["2026-02-01T00:00:05Z", "2026-02-01T00:01:00Z", "2026-02-01T00:00:07.900Z"]
    assert count([make_event(timestamp=moment) for moment in moments]).duration_seconds == 2
    assert count([make_event(timestamp=moment) for moment in moments[::-1]]).duration_seconds == 0


def test_it_leaves_replayed_events_out_of_totals() -> None:
    event = make_event(FileEdit(path="a", diff="+a"), task_id="t", attributes={"replayed": True, "input_tokens": 5})
    tally = tallied([event])
    assert tally.stats() == Stats(event_count=1)
    assert tally.kinds == {"FileEdit": 1}
    assert tally.first == ""


def test_it_counts_kinds_and_notes_errors() -> None:
    tally = tallied([make_event(UnknownAction(name="Jump")), make_event(), make_event(), shell(0), result(False)])
    assert tally.kinds == {"Jump": 1, "UserMessage": 2, "ShellCommand": 1, "ToolResult": 1}
    assert not tally.has_errors
    assert tallied([shell(None)]).has_errors == 0
    assert tallied([shell(-1)]).has_errors == tallied([result(True)]).has_errors == 1


def test_it_amends_totals() -> None:
    tally = tallied([make_event(attributes={"input_tokens": 9})])
    tally.amend({"event_count": -1, "input_tokens": 3, "output_tokens_total": 4})
    assert (tally.event_count, tally.input_tokens, tally.output_tokens_total) == (0, 12, 4)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], 1),
        ([make_event(), make_event(task_id="a")], 1),
        ([start(None), start("  "), end("a")], 1),
        ([start("a"), end("a")], 2),
        ([start("a"), start("a")], 2),
        ([start("a"), end("a"), start("b"), end("b")], 2),
        ([start(" a "), start("a")], 2),
        ([start("a"), start("b")], 3),
        ([start("a"), start("b"), end("b"), end("a")], 3),
        ([start("a"), start("b"), end("b"), start("c"), end("c"), end("a")], 3),
    ],
)
def test_it_finds_the_most_agents_at_once(events: list[Event], expected: int) -> None:
    assert max_active_agents(events) == expected


@settings(deadline=None, max_examples=50)
@given(st.lists(any_events, max_size=12), st.integers(0, 12))
def test_merging_the_tallies_of_the_parts_gives_the_tally_of_the_whole(events: list[Event], cut: int) -> None:
    # Agents at once depend on the order of the whole, and times on how the parts overlap: both are left out.
    timed = [replace(event, timestamp=f"2026-02-01T00:00:{number:02}Z") for number, event in enumerate(events)]
    parts = Tally.merged([tallied(timed[:cut]), tallied(timed[cut:])])
    whole = tallied(timed)
    parts.max_active, parts.active = whole.max_active, whole.active
    assert parts == whole


def test_a_merged_tally_runs_from_the_earliest_event_to_the_latest() -> None:
    late = tallied([make_event(timestamp="2026-02-01T00:00:05Z")])
    early = tallied([make_event(timestamp="2026-02-01T00:00:01Z"), make_event(timestamp="2026-02-01T00:00:03Z")])
    assert Tally.merged([late, Tally(), early]).stats().duration_seconds == 4


@settings(deadline=None, max_examples=50)
@given(st.lists(any_events, max_size=8))
def test_a_tally_survives_storing(events: list[Event]) -> None:
    tally = tallied(events)
    encoded = msgspec.msgpack.encode(tally, order="deterministic")
    assert msgspec.msgpack.decode(encoded, type=Tally) == tally
