"""What a handoff lacks. Warnings say that the next agent knows less; errors, that the plan contradicts itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from msgspec import Struct, json
from msgspec.structs import replace

from handoff.markup import printable
from handoff.model import Finding, Report, Step, Summary
from handoff.verification import unresolved
from opensession.hail import times

WARNING = "warning"
ERROR = "error"


class Rule(Struct, frozen=True):
    code: str
    severity: str
    message: str
    broken: Callable[[Summary], bool]


def validate(summary: Summary) -> Report:
    """Return the findings about one handoff, in a fixed order."""
    broken = (rule for rule in RULES if rule.broken(summary))
    findings = tuple(Finding(code=rule.code, message=rule.message, severity=rule.severity) for rule in broken)
    return Report(findings=findings, passed=not findings, session_id=summary.session_id)


def validated(summary: Summary) -> Summary:
    """Return the handoff with its report inside."""
    return replace(summary, validation=validate(summary))


def has_errors(reports: Iterable[Report]) -> bool:
    """Tell whether a strict run must fail."""
    return any(finding.severity == ERROR for report in reports for finding in report.findings)


def report_text(reports: Sequence[Report]) -> str:
    """Return the lines for people and, last, one JSON line for programs."""
    return printable("\n".join(_lines(reports)) + "\n")


def _lines(reports: Sequence[Report]) -> Iterator[str]:
    passed = sum(report.passed for report in reports)
    yield f"Handoff validation: {passed}/{len(reports)} passed"
    for report in reports:
        if report.findings:
            yield f"- [{report.session_id}] {len(report.findings)} finding(s)"
        yield from (f"  - [{found.severity}] {found.code}: {found.message}" for found in report.findings)
    document = {"reports": reports, "type": "handoff_validation", "version": "0.1"}
    yield json.encode(document, order="sorted").decode()


def _objective_missing(summary: Summary) -> bool:
    return summary.objective is None


def _next_actions_missing(summary: Summary) -> bool:
    return bool(unresolved(summary.verification.checks_run)) and not summary.execution_contract.next_actions


def _verification_missing(summary: Summary) -> bool:
    return bool(summary.files_modified) and not summary.verification.checks_run


def _evidence_missing(summary: Summary) -> bool:
    return not summary.evidence


def _objective_evidence_missing(summary: Summary) -> bool:
    claims = [item.claim for item in summary.evidence]
    return bool(claims) and not any(claim.startswith("objective:") for claim in claims)


def _cyclic(summary: Summary) -> bool:
    """Tell whether packages wait for each other: take away what waits for nothing until nothing more can go."""
    waiting = {package.id: set(package.depends_on) for package in summary.work_packages}
    waiting = {name: needs & waiting.keys() for name, needs in waiting.items()}
    dependents: dict[str, list[str]] = {}
    for name, needs in waiting.items():
        for need in needs:
            dependents.setdefault(need, []).append(name)
    free = [name for name, needs in waiting.items() if not needs]
    for done in free:
        for name in dependents.get(done, ()):
            waiting[name].discard(done)
            if not waiting[name]:
                free.append(name)
    return len(free) < len(waiting)


def _steps_missing(summary: Summary) -> bool:
    is_material = any(package.is_material for package in summary.work_packages)
    return is_material and not summary.execution_contract.ordered_steps


def _steps_inconsistent(summary: Summary) -> bool:
    steps = summary.execution_contract.ordered_steps
    known = {package.id for package in summary.work_packages}
    is_known = all(step.work_package_id in known for step in steps)
    return bool(steps) and not (is_known and all(_follows(left, right) for left, right in pairwise(steps)))


def _follows(left: Step, right: Step) -> bool:
    return left.sequence < right.sequence and _in_time(left.started_at, right.started_at)


def _in_time(left: str | None, right: str | None) -> bool:
    if left is None or right is None:
        return True
    first, second = times.strict(left), times.strict(right)
    return first is not None and second is not None and times.key(first) <= times.key(second)


RULES = (
    Rule("objective_missing", WARNING, "Nothing states what the session was for.", _objective_missing),
    Rule("next_actions_missing", WARNING, "A check still fails, but there is no next action.", _next_actions_missing),
    Rule("verification_missing", WARNING, "Files changed, but no command verified them.", _verification_missing),
    Rule("evidence_missing", WARNING, "No claim is supported by an event.", _evidence_missing),
    Rule("objective_evidence_missing", WARNING, "No event supports the objective.", _objective_evidence_missing),
    Rule("work_package_cycle", ERROR, "Work packages wait for each other.", _cyclic),
    Rule("ordered_steps_missing", WARNING, "There is work, but no ordered steps.", _steps_missing),
    Rule("ordered_steps_inconsistent", ERROR, "The ordered steps contradict each other.", _steps_inconsistent),
)
