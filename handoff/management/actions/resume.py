"""`handoff resume --in AGENT`: a new session of another agent that goes on from the handoff."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.management.base import BaseCommand
from django.utils import timezone

from handoff import render
from handoff.errors import HandoffError, Usage
from handoff.management.actions import inputs
from handoff.management.actions.outside import clean
from handoff.native.model import Start, Written
from handoff.native.opening import opening
from handoff.native.turns import turns
from handoff.native.writers import WRITERS, writer
from opensession.hail.extract import usable, working_directory
from sessions import handoffs
from sessions.handoffs import Subject
from sessions.terminal import inert_text


def run(command: BaseCommand, words: list[str], options: dict[str, Any]) -> None:
    if not options["in"]:
        raise Usage(f"say who goes on: `handoff resume --in` {' or '.join(WRITERS)}")
    write = writer(options["in"])
    inputs.freshen(command.stderr)
    subject = _only(inputs.subjects(words, options, command.stderr))
    summary = handoffs.summary_of(subject)
    origin = f"a session of {summary.tool} ({summary.session_id})"
    told = opening(summary.headline, origin, render.markdown([summary]), turns(subject.events()))
    told = tuple(turn._replace(words=clean(turn.words)) for turn in told)
    written = write(told, _start(subject), Path.home(), os.environ)
    if options["dry_run"]:
        command.stderr.write(f"Would write {written.path}")
        command.stdout.write(inert_text(written.text), ending="")
        return
    _put(written)
    command.stderr.write(f"Wrote {written.path}")
    command.stdout.write(_spelt(written, _folder(subject)))


def _only(subjects: list[Subject]) -> Subject:
    if len(subjects) != 1:
        raise Usage("one session can be resumed at a time; name one")
    return subjects[0]


def _start(subject: Subject) -> Start:
    branch = usable(subject.header.context.attributes, "git_branch") or ""
    return Start(str(uuid4()), _folder(subject), timezone.now(), branch)


def _folder(subject: Subject) -> str:
    """Return the folder that the session worked in, or this one where that is gone."""
    folder = working_directory(subject.header.context)
    return folder if folder and Path(folder).is_dir() else str(Path.cwd())


def _put(written: Written) -> None:
    """Write the new session, readable by its owner only. Raises HandoffError rather than replace a file."""
    written.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        opened = os.open(written.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise HandoffError(f"{written.path} is there already; run again for a new id") from error
    try:
        with open(opened, "w", encoding="utf-8") as file:
            file.write(written.text)
    except BaseException:
        written.path.unlink(missing_ok=True)
        raise


def _spelt(written: Written, folder: str) -> str:
    command = shlex.join(written.command)
    return command if folder == str(Path.cwd()) else f"cd {shlex.quote(folder)} && {command}"
