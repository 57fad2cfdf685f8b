from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from handoff import render
from handoff.model import Summary
from handoff.validate import has_errors, report_text, validated
from opensession.hail import times
from sessions import handoffs
from sessions.bodies import BodyMissing
from sessions.faces import INDEX_FAILURES, ingest_settings, is_local, said
from sessions.ingest.run import index

PATIENCE = 1.0
"""Seconds to wait for another indexing pass; then what is indexed already has to do."""


class Command(BaseCommand):
    help = "Hand off the last session to the next agent. Example: manage.py handoff --last --format markdown"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--last", action="store_true", help="the session that ended last (the default)")
        parser.add_argument("--format", choices=sorted(render.FORMATS), help="markdown on a terminal, else json")
        parser.add_argument("--validate", action="store_true", help="report on stderr what the handoff lacks")
        parser.add_argument("--strict", action="store_true", help="as --validate, and fail when there are errors")
        parser.add_argument("--output", type=Path, metavar="FILE", help="write to FILE instead of stdout")

    def handle(self, *, format: str | None, validate: bool, strict: bool, output: Path | None, **options: Any) -> None:
        self._freshen()
        try:
            summary = handoffs.summary_of(handoffs.latest())
        except (handoffs.NoSession, BodyMissing, DatabaseError) as error:
            raise CommandError(said(error)) from error
        if validate or strict:
            summary = self._validated(summary, strict)
        write = render.FORMATS[format or ("markdown" if self.stdout.isatty() and not output else "json")]
        self._deliver(write(summary, times.from_datetime(timezone.now())), output)

    def _freshen(self) -> None:
        """Index what is new; where that fails, say so and go on with what is indexed."""
        if not is_local():
            return
        try:
            report = index(ingest_settings(wait=PATIENCE))
        except INDEX_FAILURES as error:
            self.stderr.write(f"Using what is indexed already: {said(error)}")
            return
        for warning in report.warnings:
            self.stderr.write(warning)

    def _validated(self, summary: Summary, strict: bool) -> Summary:
        checked = validated(summary)
        reports = [checked.validation] if checked.validation else []
        self.stderr.write(report_text(reports), ending="")
        if strict and has_errors(reports):
            raise CommandError("the handoff contradicts itself; see the report above")
        return checked

    def _deliver(self, text: str, output: Path | None) -> None:
        if output is None:
            self.stdout.write(text, ending="")
            return
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(said(error)) from error
        self.stderr.write(f"Wrote {output}")
