from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

import parsers
from opensession.hail import jsonl
from parsers.base import ParseError


class Command(BaseCommand):
    help = "Print the HAIL of session logs. Example: manage.py parse session.jsonl, or: parse logs/ --out hail/"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="a log, or a folder of logs")
        parser.add_argument("--tool", help="take the files for logs of this tool, whatever their path and content say")
        parser.add_argument(
            "--out", type=Path, help="write FILE.hail.jsonl below this folder instead, keeping relative paths"
        )

    def handle(self, *, files: list[str], tool: str | None, out: Path | None, **options: Any) -> str:
        failed = 0
        written: set[Path] = set()
        logs = [log for name in files for log in _logs(Path(name))]
        for path, place in logs:
            try:
                if place in written and out:
                    raise ParseError(path, 0, f"{place} was written already, for another log of that name")
                _deliver(jsonl.dumps(parsers.parse(path, tool)), out and out / place)
                written.add(place)
            except (ParseError, OSError) as error:
                self.stderr.write(str(error))
                failed += 1
        if failed:
            raise CommandError(f"{failed} of {len(logs)} files could not be read as sessions; see above")
        return f"Wrote {len(logs)} files below {out}." if out else ""


def _logs(named: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the logs that a name stands for, each with the relative path that its HAIL gets."""
    found = sorted((*named.rglob("*.jsonl"), *named.rglob("*.jsonl.zst"))) if named.is_dir() else [named]
    is_inside = not named.is_absolute() and ".." not in named.parts
    for path in found:
        place = path if is_inside else path.relative_to(named.parent)
        yield path, place.with_name(f"{place.name}.hail.jsonl")


def _deliver(data: bytes, target: Path | None) -> None:
    if target is None:
        _print(data)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def _print(data: bytes) -> None:
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # The reader has seen enough, as `head` does. Python would try once more, and complain, when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
