"""The execution contract: what is done, what comes next and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from handoff.markup import code
from handoff.model import COMPLETED, MAIN, Change, Contract, Step, Verification, WorkPackage
from handoff.verification import unresolved
from opensession.hail.extract import truncate

OUTCOME_BYTES = 140
SHOWN = 3
FALLBACKS = 5
NO_TIME = "time-unavailable"

ROLLBACK = "Undo with `git revert <commit>`, then verify again."
NO_ROLLBACK = "No git commit was seen in the events."
DEFINE_DONE = "Define what counts as done, then run a check that proves it."


def contract(
    packages: Sequence[WorkPackage],
    verification: Verification,
    open_questions: Sequence[str],
    changes: Sequence[Change],
    task_summaries: Sequence[str],
) -> Contract:
    """Return the contract; `packages` are in order of their sequence."""
    material = [package for package in packages if package.is_material]
    done = _unique(_done(material, verification, changes)) or _unique(task_summaries[:FALLBACKS])
    actions = _unique(_next(material, verification, open_questions))
    parallel = _unique(_parallel(material))
    if not (done or actions or parallel or material):
        actions = (DEFINE_DONE,)
    commands = _commands(verification)
    revertible = any("git commit" in command.lower() for command in commands)
    missing = None if revertible else NO_ROLLBACK
    return Contract(
        done_definition=done,
        next_actions=actions,
        ordered_commands=commands,
        ordered_steps=tuple(map(_step, material)),
        parallel_actions=parallel,
        rollback_hint=ROLLBACK if revertible else None,
        rollback_hint_missing_reason=missing,
        rollback_hint_undefined_reason=missing,
    )


def _unique(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(lines))


def _step(package: WorkPackage) -> Step:
    return Step(
        work_package_id=package.id,
        title=package.title,
        status=package.status,
        sequence=package.sequence,
        depends_on=package.depends_on,
        evidence_refs=package.evidence_refs,
        started_at=package.started_at,
        completed_at=package.completed_at,
    )


def _done(packages: Iterable[WorkPackage], verification: Verification, changes: Sequence[Change]) -> Iterator[str]:
    yield from (_completed(package) for package in packages if package.status == COMPLETED)
    if verification.checks_passed:
        yield f"Verification passed: {_some(verification.checks_passed)}."
    if changes:
        yield f"Changed {len(changes)} file(s): {_some([change.path for change in changes])}."


def _completed(package: WorkPackage) -> str:
    when = package.completed_at or package.started_at or NO_TIME
    details = "; ".join(_details(package))
    return f"[{package.sequence}] Completed {code(package.title)} at {when}{f' ({details})' if details else ''}."


def _details(package: WorkPackage) -> Iterator[str]:
    if package.outcome:
        yield f"outcome: {truncate(package.outcome, OUTCOME_BYTES)}"
    counts = {"files": len(package.files), "commands": len(package.commands)}
    if footprint := ", ".join(f"{name}: {count}" for name, count in counts.items() if count):
        yield footprint


def _some(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    shown = ", ".join(map(code, names[:SHOWN]))
    return f"{shown} (+{len(names) - SHOWN} more)" if len(names) > SHOWN else shown


def _next(packages: Iterable[WorkPackage], verification: Verification, questions: Iterable[str]) -> Iterator[str]:
    for command in unresolved(verification.checks_run):
        yield f"Fix what makes {code(command)} fail, then run it again."
    for check in verification.required_checks_missing:
        yield f"Restore the missing check: {check}"
    yield from (_continued(package) for package in packages if package.status != COMPLETED and package.depends_on)
    yield from (f"Resolve open question: {question}" for question in questions)


def _continued(package: WorkPackage) -> str:
    needs = ", ".join(package.depends_on)
    return f"[{package.sequence}] After dependencies [{needs}], execute {code(package.title)} ({package.id})."


def _parallel(packages: Iterable[WorkPackage]) -> Iterator[str]:
    return (
        f"[{package.sequence}] {code(package.title)} ({package.id}) — start: {package.started_at or NO_TIME}"
        for package in packages
        if package.status != COMPLETED and not package.depends_on and package.id != MAIN
    )


def _commands(verification: Verification) -> tuple[str, ...]:
    """Return all commands, those that still fail first."""
    runs = verification.checks_run
    return _unique([*unresolved(runs), *(run.command for run in runs)])
