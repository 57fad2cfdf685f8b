from __future__ import annotations

import json
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import groupby
from operator import attrgetter
from textwrap import wrap
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from parsers import discover
from parsers.registry import REGISTRY, TOOLS
from parsers.tool import Tool
from sessions.drift import Field, age
from sessions.faces import INDEX_FAILURES, ingest_settings, is_local, said
from sessions.fidelity import ToolReport, tool_reports
from sessions.ingest.report import printable
from sessions.ingest.run import Settings
from sessions.tables import prepare
from sessions.terminal import inert_text


class Command(BaseCommand):
    help = (
        "Show which agents' logs can be read, which are on this machine, and how much of them was understood. "
        "Example: manage.py parsers, or: manage.py parsers codex"
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tool", nargs="?", help="tell all about this tool: versions, kinds of records, failures")
        parser.add_argument("--all", action="store_true", help="list the tools that are not on this machine too")
        parser.add_argument("--json", action="store_true", help="print one JSON object per tool")

    def handle(self, *, tool: str | None, all: bool, json: bool, **options: Any) -> str:
        here = ingest_settings()
        own = [Tool(name, "Parser of your own", "") for name in here.external]
        if tool and tool not in TOOLS and tool not in here.external:
            raise CommandError(f"there is no parser for {tool}; `manage.py parsers --all` lists all")
        try:
            prepare()
            logs, reports = _logs(here), tool_reports()
        except INDEX_FAILURES as error:
            raise CommandError(said(error)) from error
        rows = [(each, logs[each.id], reports.get(each.id) or ToolReport(each.id)) for each in (*REGISTRY, *own)]
        shown = [row for row in rows if tool == row[0].id or (not tool and (all or row[1] or row[2].strands))]
        if json:
            return "\n".join(_as_json(*row) for row in shown)
        if tool:
            return _details(*shown[0])
        return _table(shown, len(rows))


def _logs(here: Settings) -> Counter[str]:
    """Return the number of logs on this machine by tool; none on a server, which reads none."""
    found = discover.logs(here.home, here.env, [], here.places) if is_local() else ()
    return Counter(log.tool for log in found)


def _table(rows: list[tuple[Tool, int, ToolReport]], known: int) -> str:
    lines = [f"{'tool':22} {'logs':>7} {'records':>11} {'understood':>10}  {'shape':8}  versions"]
    for tool, logs, report in rows:
        understood = f"{report.understood:.2%}" if report.records else "-"
        versions = ", ".join(version for version, _ in report.versions.most_common(3))
        lines.append(
            f"{tool.id:22} {logs:7,} {report.records.total():11,} {understood:>10}  "
            f"{report.fingerprint or '-':8}  {printable(versions)}"
        )
        if report.failures:
            lines.append(f"{'':22} {len(report.failures):7,} cannot be read; `manage.py parsers {tool.id}` names them")
    if not rows:
        lines = ["No logs of any agent were found on this machine."]
    return "\n".join([*lines, f"{known} tools can be read; `--all` lists them."])


def _details(tool: Tool, logs: int, report: ToolReport) -> str:
    fields = report.fields.fields()
    lines = [
        f"{tool.label} ({tool.id}), parser version {tool.version}",
        f"{logs:,} logs on this machine, {report.strands:,} threads indexed, shape {report.fingerprint or '-'}",
    ]
    lines += ["Versions:", *_counted(report.versions)] if report.versions else []
    lines += ["Records:", *_counted(report.records)] if report.records else []
    lines += ["Fields of the records:", *_fields(fields)] if report.records else []
    lines += _by_version("Fields first seen in version", fields, attrgetter("new_in"))
    lines += _by_version("Fields never seen after version", fields, attrgetter("last_in"))
    lines += ["Without an event, on purpose:", *_counted(report.ignored)] if report.ignored else []
    lines += ["Not understood:", *_counted(report.skipped)] if report.skipped else []
    lines += ["Cannot be read:", *(f"  {printable(failure)}" for failure in report.failures)] if report.failures else []
    return "\n".join(lines)


def _counted(counts: Counter[str]) -> list[str]:
    return [f"  {count:10,}  {printable(name)}" for name, count in counts.most_common()]


def _fields(fields: Iterable[Field]) -> list[str]:
    """Return a paragraph for each kind of record."""
    lines = []
    for kind, own in groupby(fields, key=attrgetter("kind")):
        told = ", ".join(f"{each.name} {each.types}" for each in own)
        lines += [f"  {printable(kind)}", *wrap(told, 116, initial_indent="    ", subsequent_indent="    ")]
    return lines


def _by_version(title: str, fields: Iterable[Field], version_of: Callable[[Field], str]) -> list[str]:
    """Return the fields that came or went with a version, the newest first."""
    found: dict[str, list[Field]] = {}
    for each in fields:
        found.setdefault(version_of(each), []).append(each)
    versions = sorted(found.keys() - {""}, key=age, reverse=True)
    return [line for version in versions for line in (f"{title} {printable(version)}:", *_fields(found[version]))]


def _as_json(tool: Tool, logs: int, report: ToolReport) -> str:
    told = {
        "tool": tool.id,
        "label": tool.label,
        "parser_version": tool.version,
        "logs": logs,
        "threads": report.strands,
        "shape": report.fingerprint,
        "records": dict(report.records),
        "not_understood": dict(report.skipped),
        "without_event": dict(report.ignored),
        "versions": dict(report.versions),
        "fields": [each._asdict() for each in report.fields.fields()],
        "failures": report.failures,
    }
    return inert_text(json.dumps(told))
