from __future__ import annotations

import pytest

from opensession.hail.actions import AgentMessage, UserMessage
from parsers.codex.messages import normalised
from parsers.codex.state import MAX_SAID
from tests.parsers.codex_logs import Record, event, events, header, item, kinds, meta, read, spoken, tally, words

LONG = "Look at the cart, please"


def sources(*records: Record) -> list[str]:
    return [str(one.attributes.get("source")) for one in events(meta(), *records)]


def test_it_prefers_the_event_message_to_the_item() -> None:
    assert sources(spoken("user", LONG, 1), event("user_message", 2, message=LONG)) == ["event_msg"]
    assert sources(event("agent_message", 1, message="Hi"), spoken("assistant", "Hi", 2)) == ["event_msg"]


def test_it_keeps_an_item_that_stands_alone() -> None:
    assert sources(spoken("assistant", "Done")) == ["response_fallback"]


@pytest.mark.parametrize(("second", "count"), [(12.9, 1), (13.1, 2)])
def test_it_compares_the_two_sources_within_twelve_seconds(second: float, count: int) -> None:
    assert len(sources(spoken("user", LONG, 0), event("user_message", second, message=LONG))) == count


@pytest.mark.parametrize(("second", "count"), [(2.9, 1), (3.1, 2)])
def test_it_compares_the_same_source_within_two_seconds(second: float, count: int) -> None:
    assert len(sources(event("agent_message", 0, message=LONG), event("agent_message", second, message=LONG))) == count


@pytest.mark.parametrize(
    ("part", "whole", "count"),
    [
        ("go on", "go on with it", 2),
        ("go on with carts", "please go on with carts", 1),
        (LONG, f"{LONG}\n<image>", 1),
        ("Yes", "yes", 1),
    ],
)
def test_it_takes_only_long_texts_for_parts_of_others(part: str, whole: str, count: int) -> None:
    assert len(sources(spoken("user", part, 0), event("user_message", 1, message=whole))) == count
    assert len(sources(event("user_message", 0, message=whole), spoken("user", part, 1))) == count


def test_it_keeps_what_two_speakers_say_alike() -> None:
    assert kinds(events(meta(), event("user_message", message=LONG), event("agent_message", message=LONG))) == [
        "UserMessage",
        "AgentMessage",
    ]


def test_it_takes_a_dropped_copy_out_of_the_totals() -> None:
    counts = tally(meta(), spoken("user", LONG), event("user_message", message=LONG))
    assert (counts.event_count, counts.message_count, counts.user_message_count) == (1, 1, 1)


def test_it_leaves_a_gap_in_the_ids_for_a_dropped_copy() -> None:
    found = events(meta(), spoken("user", LONG), event("user_message", message=LONG), spoken("assistant", "Yes"))
    assert [one.event_id for one in found] == ["codex-2", "codex-3"]


def test_it_remembers_a_bounded_number_of_messages() -> None:
    reader, _ = read(
        meta(), *(event("agent_message", message=f"number {number:03} of many") for number in range(MAX_SAID * 2))
    )
    assert len(reader.state.said) == MAX_SAID


def test_it_never_merges_the_messages_of_an_early_rollout() -> None:
    said = {"type": "message", "role": "assistant", "content": "Fixed."}
    assert [one.action for one in events(said, said)] == [AgentMessage(), AgentMessage()]


@pytest.mark.parametrize(
    "text",
    [
        "# AGENTS.md instructions for /home/dev",
        "<environment_context>\n  <cwd>/</cwd>\n</environment_context>",
        "<turn_aborted> by the user",
        "Warning: apply_patch was requested via exec_command. Use the apply_patch tool instead.",
    ],
)
def test_it_leaves_out_what_the_harness_says_for_the_user(text: str) -> None:
    assert events(meta(), spoken("user", text), event("user_message", message=text)) == []


def test_it_joins_the_texts_of_an_item() -> None:
    content = [{"type": "input_text", "text": " one "}, {"type": "input_image"}, "two", {"text": "  "}]
    (found,) = events(meta(), item("message", role="user", content=content))
    assert (found.action, words(found)) == (UserMessage(), "one\ntwo")


@pytest.mark.parametrize("role", ["developer", "system", None, ["user"]])
def test_it_passes_over_other_roles(role: object) -> None:
    assert events(meta(), item("message", role=role, content="rules")) == []


def test_it_compares_without_case_spacing_and_marks_for_attachments() -> None:
    assert normalised("  Look\n <IMAGE> \n\nat\tit  [file]x") == "look at it [file]x"


def test_it_takes_the_title_from_the_first_prompt() -> None:
    long = "x" * 81
    assert header(meta(), spoken("user", "item"), event("user_message", message=long)).context.title == f"{'x' * 77}..."
    assert header(meta(), spoken("user", "item")).context.title == "item"


def test_it_prefers_the_name_of_the_thread_as_title() -> None:
    records = [event("user_message", message="hello"), event("thread_name_updated", thread_name=" Cart ")]
    assert header(meta(), *records).context.title == "Cart"
