from __future__ import annotations

from handoff.model import Contract, WorkPackage
from opensession.hail.model import Event
from parsers.codex.reader import SYNTHETIC_SUMMARY
from tests.handoff.building import agent, edit, end, event, shell, start, summary_of, user, worked_summary


def contract_of(*events: Event) -> Contract:
    return summary_of(*events).execution_contract


def packages_of(*events: Event) -> list[WorkPackage]:
    return list(summary_of(*events).work_packages)


class TestPackages:
    def test_it_groups_by_task_then_by_semantic_group(self) -> None:
        packages = packages_of(
            edit("a", task=" A ", **{"semantic.group_id": "turn-1"}),
            edit("b", task=" ", **{"semantic.group_id": " turn-1 "}),
            edit("c"),
        )
        assert [(one.id, one.files) for one in packages] == [("A", ("a",)), ("turn-1", ("b",)), ("main", ("c",))]

    def test_it_numbers_by_time_before_it_filters(self) -> None:
        packages = packages_of(
            edit("late", task="late", second=9),
            agent("talk", task="empty", second=5),
            edit("early", task="early", second=1.5),
            user("hi", second=1),
        )
        assert [(one.id, one.sequence) for one in packages] == [("main", 1), ("early", 2), ("late", 4)]

    def test_it_keeps_the_order_of_events_at_the_same_time(self) -> None:
        packages = packages_of(edit("a", task="b"), edit("b", task="a"))
        assert [one.id for one in packages] == ["b", "a"]

    def test_it_orders_fractions_of_a_second(self) -> None:
        packages = packages_of(edit("a", task="half", second=0.5), edit("b", task="whole", second=0))
        assert [one.id for one in packages] == ["whole", "half"]

    def test_it_depends_on_the_nearest_package_that_shares_a_file(self) -> None:
        packages = packages_of(
            edit("x", task="1", second=1),
            edit("y", task="2", second=2),
            edit("x", task="3", second=3),
            edit("y", task="3", second=4),
            edit("z", task="4", second=5),
            edit("x", task="5", second=6),
            shell("ls", 0, task="6", second=7),
        )
        assert [one.depends_on for one in packages] == [(), (), ("2",), (), ("3",), ()]

    def test_it_takes_the_last_title_and_the_last_outcome(self) -> None:
        [package] = packages_of(
            start("First", "A", second=1),
            end("one", "A", second=2),
            start(" Last ", "A", second=3),
            start(" ", "A", second=4),
            end("two\nlines", "A", second=5),
            end(None, "A", second=6),
        )
        assert (package.title, package.outcome, package.status) == ("Last", "two lines", "completed")
        assert package.started_at == "2026-01-01T00:00:01+00:00"
        assert package.completed_at == "2026-01-01T00:00:06+00:00"

    def test_a_task_in_which_the_log_stops_is_not_done(self) -> None:
        stopped = end(SYNTHETIC_SUMMARY, "A", second=2)
        [package] = packages_of(start("First", "A", second=1), stopped)
        assert (package.title, package.outcome, package.status) == ("First", None, "in_progress")
        assert package.completed_at is None
        assert not any("First" in done for done in contract_of(start("First", "A"), stopped).done_definition)

    def test_it_takes_the_title_from_the_first_summary(self) -> None:
        [package] = packages_of(end("x" * 200, "A"), end("later", "A"))
        assert package.title == "x" * 157 + "..."
        assert package.outcome == "later"

    def test_it_names_what_nothing_names(self) -> None:
        assert [one.title for one in packages_of(edit("a", task="A"), edit("b"))] == ["Task A", "Main flow"]

    def test_it_drops_what_nothing_came_of(self) -> None:
        assert [one.id for one in packages_of(start(None, "A"), start("Named", "B"), agent("x", task="C"))] == ["B"]

    def test_it_keeps_a_completed_task_that_gives_evidence(self) -> None:
        assert [one.id for one in packages_of(user("hi", task="A"), end(None, "A"), end(None, "B"))] == ["A"]

    def test_it_keeps_main_without_making_it_a_step(self) -> None:
        summary = summary_of(user("hi"), edit("a", task="A"))
        assert [one.id for one in summary.work_packages] == ["main", "A"]
        assert [step.work_package_id for step in summary.execution_contract.ordered_steps] == ["A"]


class TestContract:
    def test_it_agrees_with_the_worked_example(self) -> None:
        contract = worked_summary().execution_contract
        assert [(step.work_package_id, step.sequence) for step in contract.ordered_steps] == [
            ("A", 2),
            ("B", 3),
            ("C", 4),
        ]
        assert contract.done_definition == (
            "[2] Completed `Fix login` at 2026-01-01T00:00:40+00:00 (outcome: Login fixed; files: 1, commands: 1).",
            "Changed 1 file(s): `src/login.py`.",
        )
        assert ["`pytest -q`" in action for action in contract.next_actions] == [True, True, False]
        assert contract.next_actions[2] == "[3] After dependencies [A], execute `Fix billing` (B)."
        assert contract.parallel_actions == ("[4] `Docs` (C) — start: 2026-01-01T00:01:10+00:00",)

    def test_it_shows_three_names_and_counts_the_rest(self) -> None:
        contract = contract_of(
            *(edit(path) for path in "abcd"), *(shell(name, 0) for name in ("v", "w", "x", "y", "z"))
        )
        assert contract.done_definition == (
            "Verification passed: `v`, `w`, `x` (+2 more).",
            "Changed 4 file(s): `a`, `b`, `c` (+1 more).",
        )

    def test_it_leaves_out_details_that_are_not_there(self) -> None:
        contract = contract_of(user("hi", task="A"), end(None, "A", second=1))
        assert contract.done_definition == ("[1] Completed `Task A` at 2026-01-01T00:00:01+00:00.",)

    def test_it_cuts_a_long_outcome(self) -> None:
        [line] = contract_of(start("T", "A"), end("x" * 200, "A")).done_definition
        assert f"(outcome: {'x' * 137}...)." in line

    def test_a_check_that_failed_since_is_not_done(self) -> None:
        contract = contract_of(shell("pytest", 0), shell("mypy .", 1), shell("pytest", 1), shell("mypy .", 0))
        assert contract.done_definition == ("Verification passed: `mypy .`.",)

    def test_it_puts_failing_commands_first(self) -> None:
        runs = (shell("ls", 0), shell("cp", 1), shell("lint  x", 2), shell("cp", 0), shell("ls", 0))
        assert contract_of(*runs).ordered_commands == ("lint x", "ls", "cp")

    def test_it_puts_what_checks_the_work_before_other_commands(self) -> None:
        runs = (shell("rm x", 1), shell("ls", 0), shell("cd app && pytest -q", 1), shell("mypy .", 0))
        contract = contract_of(*runs)
        assert contract.ordered_commands == ("cd app && pytest -q", "rm x", "mypy .", "ls")
        assert contract.next_actions[0].startswith("Fix what makes `cd app && pytest -q` fail")
        assert contract.done_definition == ("Verification passed: `mypy .`, `ls`.",)

    def test_it_offers_a_way_back_after_a_commit(self) -> None:
        contract = contract_of(shell("GIT  Commit -m x", 0))
        assert contract.rollback_hint is not None
        assert "git revert <commit>" in contract.rollback_hint
        assert contract.rollback_hint_missing_reason is None

    def test_it_asks_for_a_goal_when_there_is_nothing(self) -> None:
        assert len(contract_of(agent("hello")).next_actions) == 1
        assert contract_of(shell("ls", 0)).next_actions == ()

    def test_it_acts_on_open_questions(self) -> None:
        asked = event(agent("x").action, source="interactive_question", question_ids=["a"])
        assert contract_of(asked).next_actions == ("Resolve open question: a: a",)

    def test_it_fences_names_that_hold_backticks(self) -> None:
        assert "``echo `date` now``" in contract_of(shell("echo `date` now", 1)).next_actions[0]
