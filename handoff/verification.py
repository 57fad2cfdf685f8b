"""Verification: every command that ran is a check; its exit code decides, else the result of its tool call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from handoff.checkkinds import kind_of
from handoff.claims import Stated, stated
from handoff.evidence import Landmark, landmark
from handoff.model import FAILED, PASSED, UNKNOWN, CheckRun, Verification
from opensession.hail.actions import ShellCommand, ToolResult
from opensession.hail.extract import call_id, collapse
from opensession.hail.model import Event

NOT_VERIFIED = "Files changed but no verification command ran."

T = TypeVar("T")


class Run(NamedTuple):
    """A command that ran, and the event that shows it."""

    check: CheckRun
    landmark: Landmark


class Checks:
    """Keeps the commands, and of the tool results only whether the first one of each call failed."""

    kinds = (ShellCommand, ToolResult)

    def __init__(self) -> None:
        self._runs: list[tuple[str, int | None, Landmark, str | None]] = []
        self._results: dict[str, bool] = {}

    def see(self, event: Event) -> None:
        match event.action:
            case ShellCommand(command=command, exit_code=exit_code):
                call = call_id(event) if exit_code is None else None
                self._runs.append((collapse(command), exit_code, landmark(event), call))
            case ToolResult(is_error=is_error):
                if call := call_id(event):
                    self._results.setdefault(call, is_error)

    def runs(self) -> tuple[Run, ...]:
        return tuple(self._checks())

    def _checks(self) -> Iterator[Run]:
        for command, exit_code, shown, call in self._runs:
            failed = bool(exit_code) if exit_code is not None else self._results.get(call or "")
            check = CheckRun(
                command=command,
                event_id=shown.event_id,
                exit_code=exit_code,
                kind=kind_of(command),
                status=_status(failed),
            )
            yield Run(check, shown)


def verification(runs: Sequence[Run], missing: Sequence[Stated]) -> Verification:
    checks = tuple(run.check for run in runs)
    return Verification(
        checks_failed=commands(checks, FAILED),
        checks_passed=commands(checks, PASSED),
        checks_run=checks,
        required_checks_missing=tuple(each.words for each in missing),
    )


def missing(runs: Sequence[Run], last_change: Landmark | None) -> tuple[Stated, ...]:
    """Return the checks that still fail, or that none ran; `last_change` is where a file was changed last."""
    open_checks = [
        stated(f"Failing check still open: `{each.check.command}`", each.landmark) for each in failures(runs)
    ]
    if last_change and not runs:
        open_checks.append(stated(NOT_VERIFIED, last_change))
    return tuple(open_checks)


def failures(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Return, for each command that failed and did not pass later, its last failing run, in order of the first."""
    still = set(unresolved([run.check for run in runs]))
    last = {run.check.command: run for run in runs if run.check.command in still and run.check.status == FAILED}
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


def ranked(items: Sequence[T], command: Callable[[T], str]) -> list[T]:
    """Return what checks the work (tests, linters, builds) before all other commands, else in the order given."""
    return sorted(items, key=lambda item: kind_of(command(item)) is None)


def _status(failed: bool | None) -> str:
    if failed is None:
        return UNKNOWN
    return FAILED if failed else PASSED
