from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sessions import services
from sessions.faces import INDEX_FAILURES, ingest_settings, need_local_profile, said
from sessions.ingest.report import Report
from sessions.ingest.run import index
from sessions.progress import progress_line
from sessions.tables import prepare
from sessions.terminal import inert_text


class Command(BaseCommand):
    help = "Index the sessions of all agents on this machine. Example: manage.py index --json"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--full", action="store_true", help="read every log again from its start")
        parser.add_argument("--restore", metavar="ID", help="lift the removal of the session with this HAIL id first")
        parser.add_argument("--json", action="store_true", help="print the summary as one JSON object")

    def handle(self, *, full: bool, restore: str | None, json: bool, **options: Any) -> str:
        need_local_profile("index")
        try:
            prepare()
            if restore and not services.restore(reference=restore):
                raise CommandError(
                    f"no session {restore} was removed here; the id stands in the list of tombstones in the admin"
                )
            with progress_line(sys.stderr) as progress:
                report = index(ingest_settings(wait=600.0), full=full, progress=progress)
        except INDEX_FAILURES as error:
            raise CommandError(said(error)) from error
        for warning in report.warnings:
            self.stderr.write(warning)
        answer = _as_json(report) if json else _sentence(report)
        if report.failed:
            self.stdout.write(answer)
            raise CommandError(f"{report.failed} of the logs could not be read; see above")
        return answer


def _as_json(report: Report) -> str:
    return inert_text(json.dumps(report.as_json()))


def _sentence(report: Report) -> str:
    if not report.files_seen:
        return "No sessions found. `parsers --all` lists the agents that are read, `discover --all` where it looks."
    facts = report.as_json()
    return (
        f"Indexed {facts['sessions_new']} new and {facts['sessions_updated']} changed sessions"
        f" ({facts['events']:,} events from {facts['files_opened']} of {facts['files_seen']} logs"
        f" in {facts['seconds']:.1f} s); {facts['sessions_unchanged']} unchanged,"
        f" {facts['sessions_missing']} without log."
    )
