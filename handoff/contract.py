"""The execution contract: what is done, what comes next and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from handoff.claims import Stated, stated, unique, words
from handoff.files import Changed
from handoff.markup import code
from handoff.model import COMPLETED, IN_PROGRESS, MAIN, PASSED, CheckRun, Contract, Step, WorkPackage
from handoff.plans import Item
from handoff.verification import failures, ranked
from opensession.hail.extract import truncate

OUTCOME_BYTES = 140
SHOWN = 3
FALLBACKS = 5
NO_TIME = "time-unavailable"

ROLLBACK = "Undo with `git revert <commit>`, then verify again."
NO_ROLLBACK = "No git commit was seen in the events."
DEFINE_DONE = "Define what counts as done, then run a check that proves it."


class Facts(NamedTuple):
    """What a contract is made of. `packages` are in order of their sequence, `shown` names an event of each."""

    packages: Sequence[WorkPackage]
    shown: Mapping[str, str]
    runs: Sequence[CheckRun]
    missing: Sequence[Stated]
    questions: Sequence[Stated]
    waiting: Sequence[Stated]
    plan: Sequence[Item]
    changes: Sequence[Changed]
    task_summaries: Sequence[Stated]


class Lists(NamedTuple):
    """The statements of a contract."""

    done: tuple[Stated, ...]
    next: tuple[Stated, ...]
    parallel: tuple[Stated, ...]


def lists(facts: Facts) -> Lists:
    material = [package for package in facts.packages if package.is_material]
    done = unique(_done(material, facts)) or unique(facts.task_summaries[:FALLBACKS])
    actions = unique(_next(material, facts))
    parallel = unique(_parallel(material, facts))
    if not (done or actions or parallel or material):
        actions = (Stated(DEFINE_DONE),)
    return Lists(done, actions, parallel)


def contract(facts: Facts, said: Lists) -> Contract:
    commands = _commands(facts.runs)
    revertible = any("git commit" in command.lower() for command in commands)
    reason = None if revertible else NO_ROLLBACK
    return Contract(
        done_definition=words(said.done),
        next_actions=words(said.next),
        ordered_commands=commands,
        ordered_steps=tuple(_step(package) for package in facts.packages if package.is_material),
        parallel_actions=words(said.parallel),
        rollback_hint=ROLLBACK if revertible else None,
        rollback_hint_missing_reason=reason,
        rollback_hint_undefined_reason=reason,
    )


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


def _done(packages: Iterable[WorkPackage], facts: Facts) -> Iterator[Stated]:
    for package in packages:
        if package.status == COMPLETED:
            yield stated(_completed(package), facts.shown.get(package.id))
    failing = {run.command for run in failures(facts.runs)}
    runs = {run.command: run for run in facts.runs if run.status == PASSED and run.command not in failing}
    if passed := ranked(runs.values()):
        names = _some([run.command for run in passed])
        yield stated(f"Verification passed: {names}.", *(run.event_id for run in passed))
    if changes := facts.changes:
        paths = [changed.change.path for changed in changes]
        yield stated(f"Changed {len(changes)} file(s): {_some(paths)}.", *(changed.event_id for changed in changes))
    if finished := [item for item in facts.plan if item.status == COMPLETED]:
        share = f"{len(finished)} of {len(facts.plan)} items"
        names = _some([item.words for item in finished])
        yield stated(f"Plan: {share} done: {names}.", *(item.written for item in finished))


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


def _next(packages: Iterable[WorkPackage], facts: Facts) -> Iterator[Stated]:
    for run in ranked(failures(facts.runs)):
        yield stated(f"Fix what makes {code(run.command)} fail, then run it again.", run.event_id)
    yield from (Stated(f"Restore the missing check: {each.words}", each.events) for each in facts.missing)
    for package in packages:
        if package.status != COMPLETED and package.depends_on:
            yield stated(_continued(package), facts.shown.get(package.id))
    yield from (Stated(f"Resolve open question: {each.words}", each.events) for each in facts.questions)
    yield from facts.waiting
    free = set(_free(facts.plan))
    yield from (_planned(item) for item in facts.plan if item.is_open and item not in free)


def _continued(package: WorkPackage) -> str:
    needs = ", ".join(package.depends_on)
    return f"[{package.sequence}] After dependencies [{needs}], execute {code(package.title)} ({package.id})."


def _planned(item: Item) -> Stated:
    verb = "Go on with" if item.status == IN_PROGRESS else "Do"
    needs = f" after [{', '.join(item.depends_on)}]" if item.depends_on else ""
    return stated(f"{verb} the plan's item {code(item.words)}{needs}.", item.written)


def _parallel(packages: Iterable[WorkPackage], facts: Facts) -> Iterator[Stated]:
    for package in packages:
        if package.status != COMPLETED and not package.depends_on and package.id != MAIN:
            title = f"[{package.sequence}] {code(package.title)} ({package.id})"
            yield stated(f"{title} — start: {package.started_at or NO_TIME}", facts.shown.get(package.id))
    yield from (stated(f"Plan: {code(item.words)}", item.written) for item in _free(facts.plan))


def _free(plan: Sequence[Item]) -> list[Item]:
    """Return the open items that can be worked on at once: two or more that the agent had begun together, or that
    wait for nothing in a plan that says what waits for what."""
    is_ordered = any(item.depends_on for item in plan)
    undone = {item.id for item in plan if item.is_open}
    ready = [item for item in plan if item.is_open and not undone.intersection(item.depends_on)]
    found = ready if is_ordered else [item for item in ready if item.status == IN_PROGRESS]
    return found if len(found) > 1 else []


def _commands(runs: Sequence[CheckRun]) -> tuple[str, ...]:
    """Return all commands: those that still fail first, then those that check the work."""
    return tuple(dict.fromkeys(run.command for run in (*ranked(failures(runs)), *ranked(runs))))
