"""From the events of a session to its summary, in one pass: collectors look at each event and keep what they need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from handoff.claims import Stated, ground, grounds, stated, words
from handoff.contract import Facts, Lists, contract, lists
from handoff.evidence import Claim, evidence, references
from handoff.files import Files
from handoff.messages import Messages
from handoff.model import OBJECTIVE_UNAVAILABLE, Counts, Ground, Summary, Uncertainty, Undefined
from handoff.packages import Packages
from handoff.plans import Plans, values
from handoff.tasks import Tasks
from handoff.uncertainty import Decisions
from handoff.verification import Checks, missing, verification
from handoff.waiting import Waiting
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
        self.plans = Plans()
        self.waiting = Waiting()

    def collectors(self) -> tuple[Collector, ...]:
        return (
            self.messages,
            self.tasks,
            self.files,
            self.checks,
            self.decisions,
            self.packages,
            self.plans,
            self.waiting,
        )

    def facts(self, claims: Sequence[Claim]) -> Facts:
        runs = self.checks.runs()
        return Facts(
            packages=self.packages.finished(references(claims)),
            shown=self.packages.shown(),
            runs=runs,
            missing=missing(runs, self.files.last),
            questions=self.decisions.open_questions(),
            waiting=self.waiting.statements(),
            plan=self.plans.items(),
            changes=self.files.modified(),
            task_summaries=self.tasks.summaries(),
        )


def summarise(header: Header, events: Iterable[Event], stats: Stats) -> Summary:
    """Return the summary of one session. `events` is read once, in the order it has."""
    seen = _observe(events)
    objective = _objective(seen, header.context)
    reason = NO_OBJECTIVE if objective == OBJECTIVE_UNAVAILABLE else None
    claims = tuple(_claims(objective, seen))
    facts = seen.facts(claims)
    said = lists(facts)
    agreed = contract(facts, said)
    decisions = seen.decisions.required(facts.missing)
    return Summary(
        session_id=header.session_id,
        tool=header.agent.tool,
        model=header.agent.model,
        objective=None if reason else objective,
        objective_undefined_reason=reason,
        duration_seconds=stats.duration_seconds,
        stats=_counts(stats),
        files_modified=tuple(changed.change for changed in facts.changes),
        files_read=seen.files.read(),
        user_messages=seen.messages.said(),
        key_conversations=seen.messages.exchanges(),
        verification=verification(facts.runs, facts.missing),
        uncertainty=_uncertainty(reason, decisions, facts.questions),
        plan=values(facts.plan),
        evidence=evidence(claims),
        claim_evidence=_grounds(seen, facts, said, decisions),
        work_packages=tuple(facts.packages),
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
    said = next(filter(None, map(collapse, candidates)), OBJECTIVE_UNAVAILABLE)
    return truncate(said, OBJECTIVE_BYTES)


def _claims(objective: str, seen: Observed) -> Iterator[Claim]:
    """Return what the events support; a claim without an event is left out."""
    candidates = [
        (f"objective: {objective}", seen.messages.first or seen.tasks.first),
        *((f"task_done: {each.words}", seen.tasks.ended(each.words)) for each in seen.tasks.summaries()),
        *((f"decision_required: {claim.text}", claim.landmark) for claim in seen.decisions.proved()),
    ]
    return (Claim(text, landmark) for text, landmark in candidates if landmark)


def _grounds(seen: Observed, facts: Facts, said: Lists, decisions: Sequence[Stated]) -> tuple[Ground, ...]:
    """Return the events behind every statement, in the order of the pointers."""
    first = seen.messages.first or seen.tasks.first
    found = grounds(
        {
            "/execution_contract/done_definition": said.done,
            "/execution_contract/next_actions": said.next,
            "/execution_contract/parallel_actions": said.parallel,
            "/files_modified": [stated("", changed.event_id) for changed in facts.changes],
            "/uncertainty/decision_required": decisions,
            "/uncertainty/open_questions": facts.questions,
            "/verification/required_checks_missing": facts.missing,
        }
    )
    return (ground("/objective", stated("", first.event_id)), *found) if first else found


def _uncertainty(reason: str | None, decisions: Iterable[Stated], questions: Iterable[Stated]) -> Uncertainty:
    return Uncertainty(
        assumptions=(STATE_THE_OBJECTIVE,) if reason else (),
        decision_required=words(decisions),
        open_questions=words(questions),
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
