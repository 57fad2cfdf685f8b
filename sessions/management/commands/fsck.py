from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sessions import fsck
from sessions.faces import INDEX_FAILURES, ingest_settings, is_local, said
from sessions.ingest.lock import ingest_lock
from sessions.tables import prepare
from sessions.terminal import inert_text

_LONGEST_UPLOAD = timedelta(hours=1)


class Command(BaseCommand):
    help = "Check all that is stored and mend what a crash left over. Example: manage.py fsck"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the findings as one JSON object")

    def handle(self, *, json: bool, **options: Any) -> str:
        try:
            prepare()
            with ingest_lock(ingest_settings().data_dir, wait=600.0):
                checked = fsck.check(spared=timedelta() if is_local() else _LONGEST_UPLOAD)
        except INDEX_FAILURES as error:
            raise CommandError(said(error)) from error
        answer = _as_json(checked) if json else _sentences(checked)
        if any(finding.lost for finding in checked.findings):
            self.stdout.write(answer)
            raise CommandError("something is lost; see above")
        return answer


def _as_json(checked: fsck.Checked) -> str:
    findings = [finding._asdict() for finding in checked.findings]
    return inert_text(json.dumps({"sessions": checked.sessions, "frames": checked.frames, "findings": findings}))


def _sentences(checked: fsck.Checked) -> str:
    closing = f"Checked {checked.sessions:,} sessions in {checked.frames:,} frames: "
    if not checked.findings:
        return closing + "nothing is lost."
    return "\n".join([*(finding.what for finding in checked.findings), closing + f"{len(checked.findings)} findings."])
