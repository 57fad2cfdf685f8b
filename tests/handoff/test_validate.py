from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from handoff.model import Finding, Report, Summary
from handoff.validate import has_errors, report_text, validate, validated
from tests.handoff.building import agent, edit, end, event, failing, shell, start, summary_of, user, worked_summary


def codes(summary: Summary) -> list[str]:
    return [finding.code for finding in validate(summary).findings]


def with_packages(*packages: dict[str, Any]) -> Summary:
    """Return the worked summary with some of its packages changed, by their place."""
    summary = worked_summary()
    changed = [replace(old, **new) for old, new in zip(summary.work_packages, packages, strict=True)]
    return replace(summary, work_packages=tuple(changed))


def with_steps(*steps: dict[str, Any]) -> Summary:
    summary = worked_summary()
    contract = summary.execution_contract
    changed = tuple(replace(old, **new) for old, new in zip(contract.ordered_steps, steps, strict=False))
    return replace(summary, execution_contract=replace(contract, ordered_steps=changed))


def test_it_passes_the_worked_example() -> None:
    report = validate(worked_summary())
    assert report == Report(findings=(), passed=True, session_id="demo-1")


def test_it_warns_about_an_empty_session() -> None:
    report = validate(summary_of())
    assert [finding.code for finding in report.findings] == ["objective_missing", "evidence_missing"]
    assert not report.passed
    assert not has_errors([report])


def test_it_only_warns_about_a_session_without_a_user() -> None:
    report = validate(summary_of(agent("I did it")))
    assert not report.passed
    assert not has_errors([report])


def test_it_misses_verification() -> None:
    assert codes(summary_of(user("hi"), edit("a"))) == ["verification_missing"]
    assert codes(summary_of(user("hi"), edit("a"), shell("ls"))) == []


def test_it_misses_next_actions() -> None:
    summary = summary_of(*failing())
    contract = replace(summary.execution_contract, next_actions=())
    assert codes(replace(summary, execution_contract=contract)) == ["next_actions_missing"]


def test_it_misses_evidence_for_the_objective() -> None:
    summary = worked_summary()
    assert codes(replace(summary, evidence=summary.evidence[1:])) == ["objective_evidence_missing"]
    assert codes(replace(summary, evidence=())) == ["evidence_missing"]


def test_it_finds_a_cycle() -> None:
    report = validate(with_packages({}, {"depends_on": ("C",)}, {}, {"depends_on": ("B",)}))
    assert [(finding.code, finding.severity) for finding in report.findings] == [("work_package_cycle", "error")]
    assert has_errors([validate(worked_summary()), report])


def test_it_finds_a_package_that_waits_for_itself() -> None:
    assert codes(with_packages({"depends_on": ("main",)}, {}, {}, {})) == ["work_package_cycle"]


def test_it_ignores_packages_that_it_does_not_know() -> None:
    assert codes(with_packages({"depends_on": ("gone", "B")}, {}, {}, {"depends_on": ("A", "B")})) == []


def test_it_follows_a_long_chain() -> None:
    model = worked_summary().work_packages[1]
    chain = [replace(model, id=str(n), depends_on=(str(n + 1),), evidence_refs=()) for n in range(5000)]
    summary = replace(with_steps({"work_package_id": "1"}), work_packages=tuple(chain))
    assert codes(summary) == []


def test_it_misses_steps() -> None:
    assert codes(with_steps()) == ["ordered_steps_missing"]


@pytest.mark.parametrize(
    "steps",
    [
        ({}, {"sequence": 2}, {}),
        ({"work_package_id": "gone"}, {}, {}),
        ({"started_at": "2026-01-01T00:00:50.000000001+00:00"}, {}, {}),
        ({}, {"started_at": "yesterday"}, {}),
    ],
)
def test_it_finds_steps_that_contradict_each_other(steps: tuple[dict[str, Any], ...]) -> None:
    assert codes(with_steps(*steps)) == ["ordered_steps_inconsistent"]


def test_it_accepts_steps_at_the_same_time_or_without_one() -> None:
    assert codes(with_steps({"started_at": "2026-01-01T09:00:50+09:00"}, {}, {})) == []
    assert codes(with_steps({}, {"started_at": None}, {})) == []


def test_it_writes_the_report() -> None:
    broken = Report(findings=(Finding(code="c", message="m", severity="error"),), passed=False, session_id="s-2")
    assert report_text([validate(worked_summary()), broken]) == (
        "Handoff validation: 1/2 passed\n"
        "- [s-2] 1 finding(s)\n"
        "  - [error] c: m\n"
        '{"reports":[{"findings":[],"passed":true,"session_id":"demo-1"},'
        '{"findings":[{"code":"c","message":"m","severity":"error"}],"passed":false,"session_id":"s-2"}],'
        '"type":"handoff_validation","version":"0.1"}\n'
    )


def test_it_puts_the_report_into_the_summary() -> None:
    summary = validated(summary_of())
    assert summary.validation == validate(summary_of())
    assert msgspec.to_builtins(worked_summary()).get("validation") is None


def test_it_passes_a_task_that_starts_before_the_user_speaks() -> None:
    assert codes(summary_of(start("T", "A", second=9), user("hi"), end("done", "A"), event(agent("").action))) == []


def test_the_report_holds_nothing_that_a_terminal_would_obey() -> None:
    hostile = replace(worked_summary(), session_id="\x1b[2Jid", evidence=())
    assert not {"\x1b", "\x9b"} & set(report_text([validate(hostile)]))
