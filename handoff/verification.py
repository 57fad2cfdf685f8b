"""Verification: every command that ran is a check; its exit code decides, else the result of its tool call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from handoff.checkkinds import kind_of
from handoff.claims import Stated, stated
from handoff.markup import code
from handoff.model import FAILED, PASSED, UNKNOWN, CheckRun, Verification
from opensession.hail.actions import ShellCommand, ToolResult
from opensession.hail.extract import call_id, collapse
from opensession.hail.model import Event

NOT_VERIFIED = "Files changed but no verification command ran."


class Checks:
    """Keeps the commands, and of the tool results only whether the first one of each call failed."""

    kinds = (ShellCommand, ToolResult)

    def __init__(self) -> None:
        self._runs: list[tuple[str, int | None, str, str | None]] = []
        self._results: dict[str, bool] = {}

    def see(self, event: Event) -> None:
        match event.action:
            case ShellCommand(command=command, exit_code=exit_code):
                call = call_id(event) if exit_code is None else None
                self._runs.append((collapse(command), exit_code, event.event_id, call))
            case ToolResult(is_error=is_error):
                if call := call_id(event):
                    self._results.setdefault(call, is_error)

    def runs(self) -> tuple[CheckRun, ...]:
        return tuple(self._checks())

    def _checks(self) -> Iterator[CheckRun]:
        for command, exit_code, event_id, call in self._runs:
            failed = bool(exit_code) if exit_code is not None else self._results.get(call or "")
            yield CheckRun(
                command=command,
                event_id=event_id,
                exit_code=exit_code,
                kind=kind_of(command),
                status=_status(failed),
            )


def verification(runs: Sequence[CheckRun], missing: Sequence[Stated]) -> Verification:
    return Verification(
        checks_failed=commands(runs, FAILED),
        checks_passed=commands(runs, PASSED),
        checks_run=tuple(runs),
        required_checks_missing=tuple(each.words for each in missing),
    )


def missing(runs: Sequence[CheckRun], last_change: str | None) -> tuple[Stated, ...]:
    """Return the checks that still fail, or that none ran; `last_change` is the event that changed a file last."""
    open_checks = [stated(f"Failing check still open: {code(each.command)}", each.event_id) for each in failures(runs)]
    if last_change is not None and not runs:
        open_checks.append(stated(NOT_VERIFIED, last_change))
    return tuple(open_checks)


def failures(runs: Sequence[CheckRun]) -> tuple[CheckRun, ...]:
    """Return, for each command that failed and did not pass later, its last failing run, in order of the first."""
    still = set(unresolved(runs))
    last = {run.command: run for run in runs if run.command in still and run.status == FAILED}
    return tuple(last.values())


def unresolved(checks: Sequence[CheckRun]) -> tuple[str, ...]:
    """Return the commands that failed and did not pass later."""
    passed = {check.command: index for index, check in enumerate(checks) if check.status == PASSED}
    failed = (
        check.command
        for index, check in enumerate(checks)
        if check.status == FAILED and index > passed.get(check.command, -1)
    )
    return tuple(dict.fromkeys(failed))


def commands(checks: Sequence[CheckRun], status: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(check.command for check in checks if check.status == status))


def ranked(runs: Iterable[CheckRun]) -> list[CheckRun]:
    """Return what checks the work (tests, linters, builds) before all other commands, else in the order given."""
    return sorted(runs, key=lambda run: run.kind is None)


def _status(failed: bool | None) -> str:
    if failed is None:
        return UNKNOWN
    return FAILED if failed else PASSED
