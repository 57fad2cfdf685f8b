"""From the events of a session to its summary, in one pass: collectors look at each event and keep what they need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from handoff.contract import contract
from handoff.evidence import Claim, evidence, references
from handoff.files import Files
from handoff.messages import Messages
from handoff.model import OBJECTIVE_UNAVAILABLE, Counts, Summary, Uncertainty, Undefined
from handoff.packages import Packages
from handoff.tasks import Tasks
from handoff.uncertainty import Decision, Decisions
from handoff.verification import Checks
from opensession.hail.actions import (
    PLAIN,
    WITH_DATA,
    Action,
    UnknownAction,
)
from opensession.hail.extract import collapse, truncate
from opensession.hail.model import Context, Event, Header, Stats

OBJECTIVE_BYTES = 200

NO_OBJECTIVE = "No user prompt, task or title states an objective."
NO_EVIDENCE = "No event supports a claim of this handoff."
STATE_THE_OBJECTIVE = "The objective is unknown; the next agent must state it before working."


class Collector(Protocol):
    """Sees the events of the given kinds, in order; an empty tuple stands for all events."""

    @property
    def kinds(self) -> tuple[type[Action], ...]: ...

    def see(self, event: Event, /) -> None: ...


class Observed:
    """All that is remembered of the events."""

    def __init__(self) -> None:
        self.messages = Messages()
        self.tasks = Tasks()
        self.files = Files()
        self.checks = Checks()
        self.decisions = Decisions()
        self.packages = Packages()

    def collectors(self) -> tuple[Collector, ...]:
        return (self.messages, self.tasks, self.files, self.checks, self.decisions, self.packages)


def summarise(header: Header, events: Iterable[Event], stats: Stats) -> Summary:
    """Return the summary of one session. `events` is read once, in the order it has."""
    seen = _observe(events)
    objective = _objective(seen, header.context)
    reason = NO_OBJECTIVE if objective == OBJECTIVE_UNAVAILABLE else None
    changes = seen.files.modified()
    verification = seen.checks.verification(changed=bool(changes))
    decisions = seen.decisions.required(verification.required_checks_missing)
    claims = tuple(_claims(objective, seen, decisions))
    packages = seen.packages.finished(references(claims))
    questions = seen.decisions.open_questions()
    agreed = contract(packages, verification, questions, changes, seen.tasks.summaries())
    return Summary(
        session_id=header.session_id,
        tool=header.agent.tool,
        model=header.agent.model,
        objective=None if reason else objective,
        objective_undefined_reason=reason,
        duration_seconds=stats.duration_seconds,
        stats=_counts(stats),
        files_modified=changes,
        files_read=seen.files.read(),
        user_messages=seen.messages.said(),
        key_conversations=seen.messages.exchanges(),
        verification=verification,
        uncertainty=_uncertainty(reason, decisions, questions),
        evidence=evidence(claims),
        work_packages=packages,
        execution_contract=agreed,
        undefined_fields=_undefined(reason, agreed.rollback_hint_undefined_reason, None if claims else NO_EVIDENCE),
    )


def _observe(events: Iterable[Event]) -> Observed:
    """Show every event to the collectors that want its kind; an action of another version goes to those for all."""
    seen = Observed()
    collectors = seen.collectors()
    routes = {kind: _interested(collectors, kind) for kind in (*PLAIN, *WITH_DATA)}
    others = _interested(collectors, UnknownAction)
    for event in events:
        for see in routes.get(type(event.action), others):
            see(event)
    return seen


def _interested(collectors: Iterable[Collector], kind: type[Action]) -> tuple[Callable[[Event], None], ...]:
    return tuple(collector.see for collector in collectors if not collector.kinds or kind in collector.kinds)


def _objective(seen: Observed, context: Context) -> str:
    candidates = (seen.messages.words, seen.tasks.title, seen.tasks.summary, context.title or "")
    words = next((words for words in map(collapse, candidates) if words), OBJECTIVE_UNAVAILABLE)
    return truncate(words, OBJECTIVE_BYTES)


def _claims(objective: str, seen: Observed, decisions: Iterable[Decision]) -> Iterator[Claim]:
    """Return what the events support; a claim without an event is left out."""
    candidates = [
        (f"objective: {objective}", seen.messages.first or seen.tasks.first),
        *((f"task_done: {summary}", seen.tasks.ended(summary)) for summary in seen.tasks.summaries()),
        *((f"decision_required: {decision.text}", decision.landmark) for decision in decisions),
    ]
    return (Claim(words, landmark) for words, landmark in candidates if landmark)


def _uncertainty(reason: str | None, decisions: Iterable[Decision], questions: tuple[str, ...]) -> Uncertainty:
    return Uncertainty(
        assumptions=(STATE_THE_OBJECTIVE,) if reason else (),
        decision_required=tuple(decision.text for decision in decisions),
        open_questions=questions,
    )


def _counts(stats: Stats) -> Counts:
    return Counts(
        event_count=stats.event_count,
        message_count=stats.message_count,
        tool_call_count=stats.tool_call_count,
        total_input_tokens=stats.total_input_tokens,
        total_output_tokens=stats.total_output_tokens,
    )


def _undefined(objective: str | None, rollback: str | None, evidence: str | None) -> tuple[Undefined, ...]:
    reasons = {"objective": objective, "execution_contract.rollback_hint": rollback, "evidence": evidence}
    return tuple(Undefined(path=path, undefined_reason=reason) for path, reason in reasons.items() if reason)
