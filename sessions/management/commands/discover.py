from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from parsers import discover
from parsers.discover import Log, Unreadable
from sessions.faces import ingest_settings, need_local_profile
from sessions.ingest.report import sentence
from sessions.terminal import inert_text


class Command(BaseCommand):
    help = "Show where agents keep their logs on this machine, and how many. Example: manage.py discover --json"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="show the places of all tools, there or not")
        parser.add_argument("--json", action="store_true", help="print one JSON object per log")

    def handle(self, *, all: bool, json: bool, **options: Any) -> str:
        need_local_profile("discover")
        here = ingest_settings()
        unreadable: list[Unreadable] = []
        found = list(discover.logs(here.home, here.env, unreadable, here.places))
        for path, reason in unreadable:
            self.stderr.write(sentence(path, reason))
        roots = discover.roots(here.home, here.env, here.places)
        return _as_json(found) if json else _table(found, roots if all else _there(roots))


def _as_json(found: list[Log]) -> str:
    return inert_text("\n".join(json.dumps(log._asdict()) for log in found))


def _there(roots: dict[str, tuple[Path, ...]]) -> dict[str, tuple[Path, ...]]:
    """Return the folders that exist, by the tools that have any."""
    there = {tool: tuple(folder for folder in folders if folder.exists()) for tool, folders in roots.items()}
    return {tool: folders for tool, folders in there.items() if folders}


def _table(found: list[Log], roots: dict[str, tuple[Path, ...]]) -> str:
    logs, size = Counter(log.tool for log in found), Counter[str]()
    for log in found:
        size[log.tool] += log.size
    lines = [] if roots else ["No folder of any agent is on this machine; `--all` shows where they would be."]
    for tool, folders in roots.items():
        lines.append(f"{tool:20} {logs[tool]:6,} logs {size[tool] / 1e6:10,.1f} MB")
        lines += [f"    {folder}{'' if os.path.isdir(folder) else '  (not there)'}" for folder in folders]
    return "\n".join(lines)
