from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from django.core.management.base import BaseCommand, CommandError

import parsers
from opensession.hail import jsonl
from opensession.hail.model import Session
from parsers.base import ParseError, Sample
from parsers.content import safe_name
from sessions.terminal import inert


class Command(BaseCommand):
    help = (
        "Print the HAIL of session logs. Example: manage.py parse session.jsonl, parse state.db#ID for one session of "
        "many, or: parse logs/ --out hail/"
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="a log, FILE#ID of one session in it, or a folder")
        parser.add_argument("--tool", help="take the files for logs of this tool, whatever their path and content say")
        parser.add_argument(
            "--out", type=Path, help="write FILE.hail.jsonl below this folder instead, keeping relative paths"
        )

    def handle(self, *, files: list[str], tool: str | None, out: Path | None, **options: Any) -> str:
        failed = count = 0
        written: set[Path] = set()
        logs = [log for name in files for log in _logs(name, tool)]
        for log in logs:
            try:
                for place, session in _placed(log, tool):
                    if place in written and out:
                        raise ParseError(log.path, 0, f"{place} was written already, for another log of that name")
                    _deliver(jsonl.dumps(session), out and out / place)
                    written.add(place)
                    count += 1
            except (ParseError, OSError) as error:
                self.stderr.write(str(error))
                failed += 1
        if failed:
            raise CommandError(f"{failed} of {len(logs)} files could not be read as sessions; see above")
        return f"Wrote {count} files below {out}." if out else ""


class _Log(NamedTuple):
    """A log to parse, the relative path that its HAIL gets, and the session that is wanted of it, all if None."""

    path: Path
    place: Path
    locator: str | None


def _logs(name: str, tool: str | None) -> Iterator[_Log]:
    """Yield the logs that a name stands for."""
    named, locator = _split(name)
    found = sorted(_below(named, tool)) if named.is_dir() else [named]
    is_inside = not named.is_absolute() and ".." not in named.parts
    for path in found:
        place = path if is_inside else path.relative_to(named.parent)
        yield _Log(path, place, locator)


def _split(name: str) -> tuple[Path, str | None]:
    """Return the file and the session that a name stands for: `FILE#ID`, unless there is a file of the whole name."""
    file, mark, locator = name.rpartition("#")
    if mark and not Path(name).exists() and Path(file).is_file():
        return Path(file), locator
    return Path(name), None


def _below(folder: Path, tool: str | None) -> Iterator[Path]:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return (path for path in files if tool or parsers.find(path) or parsers.recognise(Sample(path)))


def _placed(log: _Log, tool: str | None) -> Iterator[tuple[Path, Session]]:
    """Yield the sessions of a log, each with the relative path that its HAIL gets. Raises ParseError."""
    found = parsers.sessions(log.path, tool, log.locator)
    first, second = next(found, None), next(found, None)
    if first is None:
        raise ParseError(log.path, 0, "holds no session")
    if tool and not first.events and (other := _tool_of(log.path)) not in ("", tool):
        raise ParseError(log.path, 0, f"holds nothing of {tool}; it looks like a log of {other}")
    for session in (first, *((second,) if second else ()), *found):
        part = f"#{safe_name(session.header.session_id)}" if second else ""
        yield log.place.with_name(f"{log.place.name}{part}.hail.jsonl"), session


def _tool_of(path: Path) -> str:
    """Return the tool that a log seems to be of; nothing if it looks like no log."""
    return parsers.find(path) or next((match.tool for match in parsers.recognise(Sample(path))), "")


def _deliver(data: bytes, target: Path | None) -> None:
    if target is None:
        _print(data)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def _print(data: bytes) -> None:
    try:
        sys.stdout.buffer.write(inert(data))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # The reader has seen enough, as `head` does. Python would try once more, and complain, when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
