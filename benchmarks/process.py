"""Run commands as whole processes: their time, and the memory of the whole process tree."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_EVERY = 0.05


class Ran(NamedTuple):
    """`seconds` of wall time; `peak_pss` bytes, summed over the process and its children; what it printed."""

    seconds: float
    peak_pss: int
    output: str


def environment(home: Path, data_dir: Path) -> dict[str, str]:
    """Return an environment in which the product sees only `home` and `data_dir`."""
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "LC_ALL")}
    return kept | {"HOME": str(home), "OPENSESSION_DATA_DIR": str(data_dir), "OPENSESSION_PROFILE": "local"}


def manage(*arguments: str, env: Mapping[str, str], memory: bool = False) -> Ran:
    """Run a management command. Raises CalledProcessError with its stderr when it fails."""
    return run([sys.executable, str(ROOT / "manage.py"), *arguments], env, memory)


def run(command: Sequence[str], env: Mapping[str, str], memory: bool = False) -> Ran:
    started = time.perf_counter()
    process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peak = _Peak(process.pid) if memory else None
    output, errors = process.communicate()
    seconds = time.perf_counter() - started
    most = peak.stop() if peak else 0
    if process.returncode:
        failure = subprocess.CalledProcessError(process.returncode, command, output, errors)
        failure.add_note(errors)
        raise failure
    return Ran(seconds, most, output)


def best(times: int, command: Sequence[str], env: Mapping[str, str]) -> float:
    """Return the shortest wall time, in seconds, of several runs."""
    return min(run(command, env).seconds for _ in range(times))


class _Peak:
    """Samples the summed PSS of a process and all its descendants until stopped."""

    def __init__(self, pid: int) -> None:
        self._pid, self._most, self._over = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        self._over.set()
        self._thread.join()
        return self._most

    def _watch(self) -> None:
        while not self._over.wait(SAMPLE_EVERY):
            self._most = max(self._most, sum(_pss(pid) for pid in _tree(self._pid)))


def _tree(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        try:
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        except OSError:
            continue
        found += [int(child) for child in children]
    return found


def _pss(pid: int) -> int:
    """Return a process's proportional set size in bytes; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
