"""The processes that parse: and what goes on when one of them dies."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from sessions.ingest import workers
from sessions.ingest.work import Increment, Stat, Work
from sessions.ingest.workers import Crew
from tests.golden import FIXTURES

LOG = str(FIXTURES / "claude-code" / "session-fallback.jsonl")

NOWHERE = Stat(0, 0, 0)


def children() -> list[int]:
    own = os.getpid()
    return [int(pid) for pid in Path(f"/proc/{own}/task/{own}/children").read_text().split()]


def test_it_works() -> None:
    with Crew(2) as crew:
        answers = list(crew.read(Work(number, "claude-code", LOG, NOWHERE) for number in range(10)))
    assert sorted(answer.number for answer in answers if isinstance(answer, Increment)) == list(range(10))


@pytest.mark.parametrize("ahead", [1, workers.AHEAD])
def test_it_goes_on_without_the_log_over_which_a_process_ended(monkeypatch: pytest.MonkeyPatch, ahead: int) -> None:
    monkeypatch.setattr(workers, "AHEAD", ahead)
    before = set(children())
    with Crew(1) as crew:
        answers = crew.read(Work(number, "claude-code", LOG, NOWHERE) for number in range(1_000))
        read = [next(answers).number]
        for pid in set(children()) - before:
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
        read += [answer.number for answer in answers]
    assert len(crew.lost) == 1
    assert sorted(read + crew.lost) == list(range(1_000))
