"""`handoff`: print the handoff, write it to a file, or let another agent fill it in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from handoff import render
from handoff.errors import HandoffError
from handoff.management.actions import inputs
from handoff.management.actions.files import write_file
from handoff.management.actions.outside import clean
from handoff.management.actions.populate import populate
from handoff.model import Summary
from handoff.populate import parse
from handoff.validate import has_errors, report_text, validated
from opensession.hail import times
from sessions import handoffs
from sessions.handoffs import Subject
from sessions.terminal import inert_text

HAIL = "hail"
FORMATS = sorted((*render.FORMATS, HAIL))
_BY_SUFFIX = {".md": "markdown", ".markdown": "markdown", ".txt": "text", ".json": "json", ".jsonl": "jsonl"}


def run(command: BaseCommand, words: list[str], options: dict[str, Any]) -> None:
    asked = parse(options["populate"]) if options["populate"] else None
    inputs.freshen(command.stderr)
    subjects = inputs.subjects(words, options, command.stderr)
    text = _written(command, subjects, format_of(command, options), options)
    if options["output"]:
        write_file(options["output"], text)
        command.stderr.write(f"Wrote {options['output']}")
    if asked:
        populate(command, asked, clean(text))
    elif not options["output"]:
        command.stdout.write(inert_text(text), ending="")


def format_of(command: BaseCommand, options: dict[str, Any]) -> str:
    """Return the format that was asked for, or that a file's name tells; else what suits a terminal, or a program."""
    stated: str | None = options["format"] or (_BY_SUFFIX.get(options["output"].suffix) if options["output"] else None)
    is_for_people = command.stdout.isatty() and not options["populate"]
    return stated or ("markdown" if is_for_people else "json")


def _written(command: BaseCommand, subjects: list[Subject], name: str, options: dict[str, Any]) -> str:
    now = times.from_datetime(timezone.now())
    is_checked = options["validate"] or options["strict"]
    summaries = handoffs.summaries_of(subjects) if is_checked or name != HAIL else []
    if is_checked:
        summaries = _validated(command, summaries, options["strict"])
    return handoffs.digests(subjects, now) if name == HAIL else render.FORMATS[name](summaries, now)


def _validated(command: BaseCommand, summaries: list[Summary], is_strict: bool) -> list[Summary]:
    checked = [validated(summary) for summary in summaries]
    reports = [summary.validation for summary in checked if summary.validation]
    command.stderr.write(report_text(reports), ending="")
    if is_strict and has_errors(reports):
        raise HandoffError("the handoff contradicts itself; see the report above")
    return checked
