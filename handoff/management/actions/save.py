"""`handoff save`: keep the handoff as an artifact of the repository that one stands in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from handoff.artifact import JSON
from handoff.management.actions import inputs
from handoff.management.actions.artifact import told
from sessions.artifacts import shelf


def run(command: BaseCommand, words: list[str], options: dict[str, Any]) -> None:
    artifacts = shelf(Path.cwd(), Path.home())
    inputs.freshen(command.stderr)
    subjects = inputs.subjects(words, options, command.stderr)
    form = options["payload_format"] or JSON
    kept, replaced = artifacts.save(subjects, options["artifact_id"] or "", form, timezone.now())
    if replaced:
        command.stderr.write(f"Taken out before saving: {replaced}")
    command.stdout.write(
        told(
            {
                "artifact_id": kept.artifact.artifact_id,
                "ref": kept.ref,
                "source_count": len(kept.artifact.sources),
                "stale": bool(artifacts.stale(kept)),
            }
        )
    )
