"""`handoff --populate`: another agent's program reads the handoff and writes `HANDOFF.md`."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from django.core.management.base import BaseCommand

from handoff.errors import HandoffError
from handoff.management.actions.files import write_file
from handoff.populate import TARGET, Populate

MOST_SECONDS = 900.0


def populate(command: BaseCommand, asked: Populate, text: str) -> None:
    """Run the program with the handoff on its stdin; what it prints becomes the file if it wrote none itself."""
    target = Path(TARGET)
    before = _stamp(target)
    command.stderr.write(f"Asking {asked.program} to write {TARGET}; this can take minutes")
    printed = _run(asked, text)
    command.stdout.write(printed, ending="")
    if _stamp(target) == before:
        if not printed.strip():
            raise HandoffError(f"{asked.program} neither wrote {TARGET} nor answered; run it by hand to see why")
        write_file(target, printed)
    command.stderr.write(f"Wrote {TARGET}")


def _stamp(path: Path) -> tuple[int, int] | None:
    with suppress(FileNotFoundError):
        stat = path.stat()
        return stat.st_mtime_ns, stat.st_size
    return None


def _run(asked: Populate, text: str) -> str:
    """Return what the program prints. Raises HandoffError when it is missing, fails or takes too long."""
    try:
        process = subprocess.Popen(
            asked.command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise HandoffError(
            f"{asked.program} cannot be run ({error.strerror}); install it, or leave --populate out"
        ) from error
    try:
        printed, _ = process.communicate(text, timeout=MOST_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise HandoffError(f"{asked.program} took longer than {MOST_SECONDS:.0f} s and was stopped") from error
    finally:
        _end(process)
    if process.returncode:
        raise HandoffError(f"{asked.program} failed with exit code {process.returncode}; see what it said above")
    return printed


def _end(process: subprocess.Popen[str]) -> None:
    """End what is left of the program and of all that it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
