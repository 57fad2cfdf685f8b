"""What a handoff says. The values are the v2 JSON object itself; `render` only puts its keys in order.

A field with a default is left out of the JSON when it has no value; every other field is always there.
"""

from __future__ import annotations

from msgspec import Struct

OBJECTIVE_UNAVAILABLE = "(objective unavailable)"
MAIN = "main"
MAIN_TITLE = "Main flow"

PENDING = "pending"
IN_PROGRESS = "in_progress"
COMPLETED = "completed"

PASSED = "passed"
FAILED = "failed"
UNKNOWN = "unknown"


class _Value(Struct, frozen=True, omit_defaults=True):
    pass


class Change(_Value, frozen=True, kw_only=True):
    """`action` is `created`, `edited` or `deleted`. Lines are counted where the agent's log holds diffs."""

    action: str
    lines_added: int | None = None
    lines_removed: int | None = None
    path: str


class Exchange(_Value, frozen=True, kw_only=True):
    """What the user said and what the agent answered at once."""

    agent: str
    user: str


class CheckRun(_Value, frozen=True, kw_only=True):
    """One command that ran. `status` is `passed`, `failed` or `unknown`; `kind` is `test`, `lint` or `build`."""

    command: str
    event_id: str
    exit_code: int | None
    kind: str | None = None
    link: str | None = None
    status: str


class Verification(_Value, frozen=True, kw_only=True):
    checks_failed: tuple[str, ...]
    checks_passed: tuple[str, ...]
    checks_run: tuple[CheckRun, ...]
    required_checks_missing: tuple[str, ...]


class Uncertainty(_Value, frozen=True, kw_only=True):
    assumptions: tuple[str, ...]
    decision_required: tuple[str, ...]
    open_questions: tuple[str, ...]


class Evidence(_Value, frozen=True, kw_only=True):
    """A claim and the event that supports it. `link` opens that event in OpenSession's pages."""

    claim: str
    event_id: str
    id: str
    link: str | None = None
    source_type: str
    timestamp: str


class Citation(_Value, frozen=True, kw_only=True):
    """An event, and where OpenSession's pages show it."""

    event_id: str
    link: str | None = None


class Ground(_Value, frozen=True, kw_only=True):
    """The events behind a statement of this document, which the JSON pointer `claim` names."""

    claim: str
    events: tuple[Citation, ...]


class PlanItem(_Value, frozen=True, kw_only=True):
    """An item of the plan that the agent kept last. `event_id` is the call that wrote it."""

    depends_on: tuple[str, ...] = ()
    event_id: str
    id: str | None = None
    item: str
    link: str | None = None
    status: str


class WorkPackage(_Value, frozen=True, kw_only=True):
    """The events of one task. `status` is `pending`, `in_progress` or `completed`."""

    commands: tuple[str, ...]
    completed_at: str | None = None
    depends_on: tuple[str, ...]
    evidence_refs: tuple[str, ...]
    files: tuple[str, ...]
    id: str
    outcome: str | None = None
    sequence: int
    started_at: str | None = None
    status: str
    title: str

    @property
    def is_material(self) -> bool:
        """Tell whether something came of this package, so that it makes a step."""
        if self.files or self.commands or self.outcome:
            return True
        if self.id == MAIN:
            return self.status != PENDING
        return self.title != default_title(self.id) or (self.status == COMPLETED and bool(self.evidence_refs))


class Step(_Value, frozen=True, kw_only=True):
    completed_at: str | None = None
    depends_on: tuple[str, ...]
    evidence_refs: tuple[str, ...]
    sequence: int
    started_at: str | None = None
    status: str
    title: str
    work_package_id: str


class Contract(_Value, frozen=True, kw_only=True):
    """What is done, and what the next agent has to do in which order."""

    done_definition: tuple[str, ...]
    next_actions: tuple[str, ...]
    ordered_commands: tuple[str, ...]
    ordered_steps: tuple[Step, ...]
    parallel_actions: tuple[str, ...]
    rollback_hint: str | None
    rollback_hint_missing_reason: str | None = None
    rollback_hint_undefined_reason: str | None = None


class Counts(_Value, frozen=True, kw_only=True):
    event_count: int
    message_count: int
    tool_call_count: int
    total_input_tokens: int
    total_output_tokens: int


class Undefined(_Value, frozen=True, kw_only=True):
    path: str
    undefined_reason: str


class Finding(_Value, frozen=True, kw_only=True):
    """`severity` is `warning` or `error`."""

    code: str
    message: str
    severity: str


class Report(_Value, frozen=True, kw_only=True):
    """What validation found. `passed` means that it found nothing, not even a warning."""

    findings: tuple[Finding, ...]
    passed: bool
    session_id: str


class Summary(_Value, frozen=True, kw_only=True):
    """The handoff of one session."""

    claim_evidence: tuple[Ground, ...] = ()
    duration_seconds: int
    evidence: tuple[Evidence, ...]
    execution_contract: Contract
    files_modified: tuple[Change, ...]
    files_read: tuple[str, ...]
    key_conversations: tuple[Exchange, ...]
    model: str
    objective: str | None
    objective_undefined_reason: str | None
    plan: tuple[PlanItem, ...] = ()
    session_id: str
    stats: Counts
    tool: str
    uncertainty: Uncertainty
    undefined_fields: tuple[Undefined, ...]
    user_messages: tuple[str, ...]
    validation: Report | None = None
    verification: Verification
    work_packages: tuple[WorkPackage, ...]

    @property
    def headline(self) -> str:
        """Return the objective as people read it: a fixed phrase stands for an unknown one."""
        return self.objective or OBJECTIVE_UNAVAILABLE


def default_title(package_id: str) -> str:
    """Return the title of a package that nothing names."""
    return MAIN_TITLE if package_id == MAIN else f"Task {package_id}"
