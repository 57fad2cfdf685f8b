"""Verification: every command that ran is a check; its exit code decides, else the result of its tool call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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

    def verification(self, *, changed: bool) -> Verification:
        """Return the checks; `changed` tells whether any file was changed."""
        runs = tuple(self._checks())
        missing = [f"Failing check still open: `{command}`" for command in unresolved(runs)]
        if changed and not runs:
            missing.append(NOT_VERIFIED)
        return Verification(
            checks_failed=_commands(runs, FAILED),
            checks_passed=_commands(runs, PASSED),
            checks_run=runs,
            required_checks_missing=tuple(missing),
        )

    def _checks(self) -> Iterator[CheckRun]:
        for command, exit_code, event_id, call in self._runs:
            failed = bool(exit_code) if exit_code is not None else self._results.get(call or "")
            yield CheckRun(command=command, event_id=event_id, exit_code=exit_code, status=_status(failed))


def unresolved(runs: Sequence[CheckRun]) -> tuple[str, ...]:
    """Return the commands that failed and did not pass later."""
    passed = {run.command: index for index, run in enumerate(runs) if run.status == PASSED}
    failed = (run.command for index, run in enumerate(runs) if _still_fails(run, index, passed.get(run.command, -1)))
    return tuple(dict.fromkeys(failed))


def _still_fails(run: CheckRun, index: int, last_pass: int) -> bool:
    return run.status == FAILED and index > last_pass


def _status(failed: bool | None) -> str:
    if failed is None:
        return UNKNOWN
    return FAILED if failed else PASSED


def _commands(runs: Sequence[CheckRun], status: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(run.command for run in runs if run.status == status))
