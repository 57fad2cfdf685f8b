"""What lies beside a log that grows is looked at with it."""

from __future__ import annotations

from pathlib import Path

from sessions.models import Session
from tests.ingest.world import World
from tests.parsers.logs import write


def test_it_sees_that_a_session_was_renamed_and_reads_none_again_that_was_not(world: World) -> None:
    log = _copilot(world)
    world.index()
    assert Session.objects.get().title == "Fix the cart"
    assert world.index().files_opened == 0
    (log.parent / "workspace.yaml").write_text("name: Round the sums of the cart\n")
    world.index()
    assert Session.objects.get().title == "Round the sums of the cart"
    assert world.index().files_opened == 0


def _copilot(world: World) -> Path:
    log = world.home / ".copilot" / "session-state" / "1" / "events.jsonl"
    write(log, [{"type": "user.message", "data": {"content": "fix"}, "id": "e", "timestamp": "2026-01-01T00:00:00Z"}])
    (log.parent / "workspace.yaml").write_text("name: Fix the cart\n")
    return log
