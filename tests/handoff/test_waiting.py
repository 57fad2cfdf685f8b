from __future__ import annotations

from opensession.hail.actions import Custom
from tests.handoff.building import agent, event, shell, summary_of, user
from tests.handoff.test_plans import call, result

UNANSWERED = "Answer the last request, which has no answer yet: "
ASK = {"questions": [{"question": "Which port?", "header": "Port"}, {"question": "Which host?"}]}


def test_it_names_the_last_request_without_an_answer() -> None:
    summary = summary_of(user("one", name="u1"), agent("ok"), user("two\nlines", name="u2"), shell("ls", 0, name="s"))
    assert summary.execution_contract.next_actions == (f"{UNANSWERED}two lines",)
    (ground,) = [each for each in summary.claim_evidence if each.claim == "/execution_contract/next_actions/0"]
    assert [event.event_id for event in ground.events] == ["u2"]


def test_it_takes_any_words_of_the_agent_for_an_answer() -> None:
    assert summary_of(user("one"), shell("ls", 0), agent("ok")).execution_contract.next_actions == ()
    assert summary_of(user("one"), agent("  ")).execution_contract.next_actions == (f"{UNANSWERED}one",)


def test_it_does_not_take_a_subagent_for_the_agent() -> None:
    asked = summary_of(user("one"), user("inner", merged_subagent=True), agent("done", merged_subagent=True))
    assert asked.execution_contract.next_actions == (f"{UNANSWERED}one",)


def test_it_goes_on_with_a_turn_that_was_aborted_last() -> None:
    aborted = event(Custom(kind="turn_aborted"), name="x", reason="interrupted")
    summary = summary_of(user("one"), agent("ok"), aborted)
    assert summary.execution_contract.next_actions == ("Go on with the turn that was aborted (interrupted).",)
    answered = summary_of(aborted, user("go on"), agent("ok")).execution_contract
    assert not any(action.startswith("Go on") for action in answered.next_actions)


def test_it_asks_again_what_a_call_asked_in_vain() -> None:
    summary = summary_of(user("one"), agent("ok"), call("AskUserQuestion", ASK))
    assert summary.uncertainty.open_questions == ("Which port?", "Which host?")
    assert summary.execution_contract.next_actions == (
        "Resolve open question: Which port?",
        "Resolve open question: Which host?",
    )
    assert [item.claim for item in summary.evidence][1:] == [
        "decision_required: Resolve open question: Which port?",
        "decision_required: Resolve open question: Which host?",
    ]


def test_it_knows_a_question_that_was_answered() -> None:
    asked = call("AskUserQuestion", ASK)
    assert summary_of(asked, result("8080", "c1")).uncertainty.open_questions == ()
    assert summary_of(asked, user("8080")).uncertainty.open_questions == ()
