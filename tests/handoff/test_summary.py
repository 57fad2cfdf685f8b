from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from handoff.model import Change, Exchange
from handoff.summary import summarise
from opensession.hail.actions import (
    Action,
    Custom,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    ToolResult,
    UnknownAction,
    UserMessage,
)
from opensession.hail.model import Code, Content, Event, Stats, Text
from tests.handoff.building import (
    agent,
    chat,
    edit,
    end,
    event,
    failing,
    header,
    shell,
    start,
    summary_of,
    user,
    worked_summary,
)


def checks(*events: Event) -> list[tuple[str, str, int | None]]:
    return [(run.command, run.status, run.exit_code) for run in summary_of(*events).verification.checks_run]


class TestObjective:
    def test_it_takes_the_first_words_of_the_user(self) -> None:
        summary = summary_of(user("  "), start("Task", "A"), user("Fix\n\nthe   login"), user("later"), title="T")
        assert summary.objective == "Fix the login"

    def test_it_takes_the_first_text_block_that_is_not_blank(self) -> None:
        blocks = (Code(code="x = 1"), Text(text=" "), Text(text="Second block"), Text(text="third"))
        asked = Event(event_id="e", timestamp="2026-01-01T00:00:00Z", action=UserMessage(), content=Content(blocks))
        assert summary_of(asked).objective == "Second block"

    def test_it_falls_back_to_tasks_and_the_title(self) -> None:
        assert summary_of(end("Done", "A"), start(" Start ", "A"), title="T").objective == "Start"
        assert summary_of(start(" ", "A"), end(" It\nworks ", "A"), title="T").objective == "It works"
        assert summary_of(agent("hello"), title=" My title ").objective == "My title"

    def test_it_cuts_by_bytes(self) -> None:
        assert summary_of(user("한" * 80)).objective == "한" * 65 + "..."

    def test_it_says_why_there_is_none(self) -> None:
        summary = summary_of(agent("hello"))
        assert summary.objective is None
        assert summary.objective_undefined_reason
        assert summary.headline == "(objective unavailable)"
        assert len(summary.uncertainty.assumptions) == 1
        assert [item.path for item in summary.undefined_fields] == [
            "objective",
            "execution_contract.rollback_hint",
            "evidence",
        ]


class TestMessages:
    def test_it_keeps_the_ends_of_a_long_talk(self) -> None:
        summary = summarise(header(), chat(24), Stats())
        assert len(summary.user_messages) == 18
        assert summary.user_messages[:4] == ("user-0", "user-1", "user-2", "user-9")
        assert summary.user_messages[-1] == "user-23"
        assert len(summary.key_conversations) == 12
        assert [talk.user for talk in summary.key_conversations[:3]] == ["user-0", "user-1", "user-14"]
        assert summary.key_conversations[-1] == Exchange(agent="agent-23", user="user-23")

    @pytest.mark.parametrize("pairs", [71, 72, 73, 74, 145, 1000])
    def test_it_keeps_the_same_ends_however_long_the_talk_is(self, pairs: int) -> None:
        summary = summarise(header(), chat(pairs), Stats())
        kept = [0, 1, 2, *range(pairs - 15, pairs)]
        assert summary.user_messages == tuple(f"user-{number}" for number in kept)
        kept = [0, 1, *range(pairs - 10, pairs)]
        assert [talk.agent for talk in summary.key_conversations] == [f"agent-{number}" for number in kept]

    def test_it_pairs_only_neighbours_with_text(self) -> None:
        summary = summary_of(
            user("one"), user("two"), edit("a.py"), agent("three"), agent("four"), user("five"), agent(""), agent("six")
        )
        assert summary.key_conversations == (Exchange(agent="three", user="two"),)

    def test_it_cuts_messages_but_keeps_the_lines_of_conversations(self) -> None:
        summary = summary_of(user("a\nb " * 100), agent("x\ny"))
        assert summary.user_messages[0].startswith("a b a b")
        assert len(summary.user_messages[0]) == 240
        assert summary.key_conversations[0].user.startswith("a\nb a\nb")
        assert len(summary.key_conversations[0].user) == 300
        assert summary.key_conversations[0].agent == "x\ny"

    def test_it_does_not_keep_what_it_does_not_show(self) -> None:
        messages = (user(f"{number} {'x' * 10_000}", name=str(number)) for number in range(3000))
        tracemalloc.start()
        try:
            summarise(header(), messages, Stats())
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 3_000_000  # All the messages together are 30 MB.


class TestFiles:
    @pytest.mark.parametrize(
        ("actions", "expected"),
        [
            ((FileCreate, FileEdit), "created"),
            ((FileEdit, FileCreate), "created"),
            ((FileEdit, FileDelete), "deleted"),
            ((FileCreate, FileDelete, FileEdit), "deleted"),
            ((FileDelete, FileCreate), "created"),
            ((FileEdit, FileEdit), "edited"),
        ],
    )
    def test_it_names_what_became_of_a_file(self, actions: tuple[type[FileEdit]], expected: str) -> None:
        summary = summary_of(*(event(action(path="a.py")) for action in actions))
        assert summary.files_modified == (Change(action=expected, path="a.py"),)

    def test_it_sorts_and_leaves_changed_files_out_of_the_read_ones(self) -> None:
        reads = [event(FileRead(path=path)) for path in ("z", "b", "a", "b")]
        summary = summary_of(*reads, edit("z"), edit("k"))
        assert summary.files_read == ("a", "b")
        assert [change.path for change in summary.files_modified] == ["k", "z"]


class TestVerification:
    def test_it_goes_by_the_exit_code(self) -> None:
        assert checks(shell("make\n  test", 0), shell("false", 1), shell("kill", -9)) == [
            ("make test", "passed", 0),
            ("false", "failed", 1),
            ("kill", "failed", -9),
        ]

    def test_it_asks_the_first_result_of_the_call_when_there_is_no_exit_code(self) -> None:
        first = event(ToolResult(name="Bash", is_error=True, call_id=" c1 "))
        second = event(ToolResult(name="Bash", is_error=False, call_id="c1"))
        legacy = event(ToolResult(name="Bash", is_error=False), call_id="c2")
        call: dict[str, Any] = {"semantic.call_id": "c1"}
        assert checks(shell("make", **call), shell("ls", call_id="c2"), first, second, legacy) == [
            ("make", "failed", None),
            ("ls", "passed", None),
        ]

    def test_it_trusts_the_exit_code_more_than_the_result(self) -> None:
        result = event(ToolResult(name="Bash", is_error=True, call_id="c1"))
        assert checks(shell("grep x", 0, call_id="c1"), result) == [("grep x", "passed", 0)]

    def test_it_admits_that_it_does_not_know(self) -> None:
        result = event(ToolResult(name="Bash", is_error=True))
        assert checks(shell("a"), shell("b", call_id="c9"), result) == [("a", "unknown", None), ("b", "unknown", None)]

    def test_it_forgives_a_failure_that_passed_later(self) -> None:
        runs = (shell("t", 1), shell("u", 1), shell("t", 0), shell("u", 0), shell("u", 2), shell("u", 2))
        verification = summary_of(*runs).verification
        assert verification.checks_failed == ("t", "u")
        assert verification.checks_passed == ("t", "u")
        assert verification.required_checks_missing == ("Failing check still open: `u`",)

    def test_it_misses_a_check_when_files_changed(self) -> None:
        assert len(summary_of(edit("a")).verification.required_checks_missing) == 1
        assert not summary_of(edit("a"), shell("ls", 0)).verification.required_checks_missing


class TestUncertainty:
    def test_it_lists_questions_without_an_answer(self) -> None:
        meta = [
            {"id": "q1", "question": "Which one?", "header": "H"},
            {"id": " q2 ", "header": "Colour"},
            {"id": "q3", "question": None, "header": "Lost"},
            {"id": "q4"},
            {"id": " ", "question": "no id"},
            "nonsense",
        ]
        asked = event(Custom(kind="q"), source="interactive_question", question_meta=meta, question_ids=["ignored"])
        again = event(Custom(kind="q"), source="interactive_question", question_meta=[{"id": "q1", "question": "New?"}])
        answer = event(UserMessage(), "yes", source="interactive", question_ids=["q4", 7, None])
        summary = summary_of(asked, again, answer)
        assert summary.uncertainty.open_questions == ("q1: New?", "q2: Colour", "q3: q3")
        assert summary.uncertainty.decision_required[0] == "Resolve open question: q1: New?"

    def test_it_takes_bare_ids_only_without_a_list_of_questions(self) -> None:
        bare = event(Custom(kind="q"), source="interactive_question", question_ids=["a", "b", "a"])
        none = event(Custom(kind="q"), source="interactive_question", question_ids="a", question_meta=None)
        assert summary_of(bare, none).uncertainty.open_questions == ("a: a", "b: b")

    def test_it_decides_in_order_and_once(self) -> None:
        summary = summary_of(
            shell("make", 1, name="e1"),
            event(Custom(kind="q"), name="e2", source="interactive_question", question_ids=["a"]),
            event(Custom(kind="turn_aborted"), name="e3", reason="interrupted"),
            event(Custom(kind="turn_aborted"), name="e4"),
            event(Custom(kind="turn_aborted"), name="e5", reason="interrupted"),
        )
        assert summary.uncertainty.decision_required == (
            "Turn aborted: interrupted",
            "Turn aborted: turn aborted",
            "Failing check still open: `make`",
            "Resolve open question: a: a",
        )
        assert [item.event_id for item in summary.evidence] == ["e3", "e3", "e2"]


class TestEvidence:
    def test_it_points_at_the_first_user_event_even_without_text(self) -> None:
        summary = summary_of(start("Task", "A", name="e1"), user("", name="e2"), user("words", name="e3"))
        assert summary.evidence[0].claim == "objective: words"
        assert summary.evidence[0].event_id == "e2"

    def test_it_points_at_a_task_when_no_user_spoke(self) -> None:
        assert summary_of(agent("x", name="e1"), end(None, "A", name="e2")).evidence[0].event_id == "e2"

    @pytest.mark.parametrize(
        ("action", "attributes", "expected"),
        [
            (UserMessage(), {}, "UserMessage"),
            (UserMessage(), {"source.raw_type": " event_msg "}, "event_msg"),
            (UserMessage(), {"source.raw_type": 7}, "UserMessage"),
        ],
    )
    def test_it_names_the_source(self, action: Action, attributes: dict[str, Any], expected: str) -> None:
        assert summary_of(event(action, "hi", **attributes)).evidence[0].source_type == expected

    def test_it_names_the_kind_of_a_custom_source(self) -> None:
        assert summary_of(event(Custom(kind="turn_aborted"))).evidence[0].source_type == "Custom:turn_aborted"

    def test_it_names_an_action_of_another_version(self) -> None:
        asked = event(UnknownAction(name="Ask"), source="interactive_question", question_ids=["a"])
        assert summary_of(asked).evidence[0].source_type == "Ask"

    def test_it_supports_each_task_summary_once(self) -> None:
        summary = summary_of(
            end(" It  works ", "A", name="e1"),
            end("It works", "B", name="e2"),
            end("Synthetic END (missing task_complete)", "C", name="e3"),
            end("x" * 181, "D", name="e4"),
        )
        claims = [(item.claim, item.event_id) for item in summary.evidence[1:]]
        assert claims == [("task_done: It works", "e1")]

    def test_it_writes_times_with_an_offset_and_all_digits(self) -> None:
        asked = Event(event_id="e", timestamp="2026-01-01T00:00:00.123456789Z", action=UserMessage())
        assert summary_of(asked).evidence[0].timestamp == "2026-01-01T00:00:00.123456789+00:00"


class TestVectors:
    def test_it_finds_the_structure_of_the_worked_example(self) -> None:
        summary = worked_summary()
        packages = [(one.id, one.sequence, one.status, one.depends_on) for one in summary.work_packages]
        assert packages == [
            ("main", 1, "pending", ()),
            ("A", 2, "completed", ()),
            ("B", 3, "in_progress", ("A",)),
            ("C", 4, "in_progress", ()),
        ]
        assert summary.work_packages[1].commands == ("pytest -q",)
        assert summary.work_packages[1].evidence_refs == ("evidence-2",)
        assert [(item.id, item.event_id) for item in summary.evidence] == [("evidence-1", "e1"), ("evidence-2", "e5")]
        assert [item.claim.partition(":")[0] for item in summary.evidence] == ["objective", "task_done"]
        assert summary.key_conversations == (Exchange(agent="done", user="Fix login and billing"),)
        assert summary.uncertainty.decision_required == ("Failing check still open: `pytest -q`",)

    def test_it_leads_with_what_fails(self) -> None:
        summary = summary_of(*failing())
        contract = summary.execution_contract
        assert summary.verification.checks_failed == ("cargo test",)
        assert contract.ordered_commands[0] == "cargo test"
        assert any("`cargo test`" in action for action in contract.next_actions)
        assert contract.parallel_actions == ()
        assert contract.rollback_hint is None
        assert contract.rollback_hint_missing_reason
        assert contract.rollback_hint_missing_reason == contract.rollback_hint_undefined_reason

    def test_it_handles_an_empty_session(self) -> None:
        summary = summary_of()
        assert summary.objective is None
        assert summary.objective_undefined_reason
        assert summary.work_packages == ()
        assert summary.execution_contract.ordered_steps == ()
        assert len(summary.execution_contract.next_actions) == 1


class TestLines:
    def test_it_counts_the_lines_that_diffs_change(self) -> None:
        first = event(FileEdit(path="a", diff="--- a\n+++ a\n@@ -1 +1,2 @@\n-x\n+y\n+z\n"))
        second = event(FileEdit(path="a", diff="--- a\n+++ a\n@@ -1 +1 @@\n-y\n+w\n"))
        (change,) = summary_of(first, second).files_modified
        assert (change.action, change.lines_added, change.lines_removed) == ("edited", 3, 2)

    def test_it_says_nothing_of_lines_without_a_diff(self) -> None:
        (change,) = summary_of(edit("a")).files_modified
        assert (change.lines_added, change.lines_removed) == (None, None)
