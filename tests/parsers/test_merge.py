from __future__ import annotations

from collections.abc import Iterator

from opensession.hail.actions import TaskEnd, TaskStart, UserMessage
from opensession.hail.model import Event
from parsers.merge import Strand, merged


def event(name: str, second: int) -> Event:
    return Event(event_id=name, timestamp=f"2026-01-01T00:00:{second:02d}Z", action=UserMessage())


def strand(key: str, *events: Event, model: str = "unknown") -> Strand:
    return Strand(key, "", model, len(events), events[0].timestamp, events[-1].timestamp, events)


def ids(events: Iterator[Event]) -> list[str]:
    return [event.event_id for event in events]


def test_it_sorts_strands_by_time_and_the_main_one_first() -> None:
    main = [event("m1", 1), event("m2", 5)]
    found = ids(merged(main, [strand("b", event("x", 5)), strand("a", event("y", 2))]))
    assert found == ["m1", "a-start", "a:y", "a-end", "m2", "b-start", "b:x", "b-end"]


def test_it_never_turns_a_strand_round() -> None:
    main = [event("m1", 9), event("m2", 3), event("m3", 10)]
    found = ids(merged(main, [strand("a", event("x", 8), event("y", 2), event("z", 9))]))
    assert [name for name in found if name[0] == "m"] == ["m1", "m2", "m3"]
    assert [name for name in found if name[0] == "a"] == ["a-start", "a:x", "a:y", "a:z", "a-end"]
    assert found.index("a:y") < found.index("m1") < found.index("m2") < found.index("a:z")


def test_it_marks_the_events_of_a_subagent() -> None:
    start, child, end = merged([], [strand("a", event("x", 4), model="opus")])
    assert start.action == TaskStart(title="a")
    assert start.attributes == {"subagent_id": "a", "merged_subagent": True, "model": "opus"}
    assert (child.task_id, child.attributes) == ("a", {"subagent_id": "a", "merged_subagent": True})
    assert end.action == TaskEnd(summary="1 events, opus")


def test_it_takes_the_length_of_a_task_from_its_ends() -> None:
    *_, forward = merged([], [strand("a", event("x", 4), event("y", 6))])
    *_, backward = merged([], [strand("a", event("x", 6), event("y", 4))])
    assert (forward.duration_ms, backward.duration_ms) == (2000, 0)


def test_it_leaves_out_a_strand_without_events() -> None:
    assert ids(merged([event("m", 1)], [Strand("a", "", "opus", 0, "", "", ())])) == ["m"]


def test_it_reads_no_further_than_asked() -> None:
    def endless() -> Iterator[Event]:
        second = 0
        while True:
            yield event(str(second), second % 60)
            second += 1

    assert next(iter(merged(endless(), [strand("a", event("x", 30))]))).event_id == "0"
