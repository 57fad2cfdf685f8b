"""Which sessions the arguments of `handoff` mean."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import OutputWrapper

from handoff import references
from handoff.errors import Usage
from sessions import handoffs
from sessions.faces import INDEX_FAILURES, ingest_settings, is_local, said
from sessions.handoffs import Subject
from sessions.ingest.run import index
from sessions.references import is_known
from sessions.repositories import nearest
from sessions.tables import prepare

PATIENCE = 1.0
"""Seconds to wait for another indexing pass; then what is indexed already has to do."""


def add_arguments(parser: ArgumentParser) -> None:
    add = parser.add_argument_group("which sessions").add_argument
    add("--last", "-l", nargs="?", const="1", metavar="N", help="the N sessions that ended last (the default: 1)")
    add("--claude", metavar="REF", help="of Claude Code: HEAD, HEAD~N for the newest N, HEAD^N for one, words or an id")
    add("--gemini", metavar="REF", help="the same of Gemini CLI")
    add("--tool", action="append", metavar="'NAME REF'", help="the same of any agent: --tool 'codex HEAD'")
    add("--repo", type=Path, metavar="PATH", help="only sessions that worked in this repository")


def freshen(stderr: OutputWrapper) -> None:
    """Index what is new; where that fails, say so and go on with what is indexed."""
    if not is_local():
        return
    try:
        prepare()
        report = index(ingest_settings(wait=PATIENCE))
    except INDEX_FAILURES as error:
        stderr.write(f"Using what is indexed already: {said(error)}")
        return
    for warning in report.warnings:
        stderr.write(warning)


def subjects(words: list[str], options: dict[str, Any], stderr: OutputWrapper) -> list[Subject]:
    """Return the sessions: files and ids first, else references, else the newest. Raises HandoffError."""
    repo = _root(options["repo"]) if options["repo"] else None
    if words:
        return [subject for word in words for subject in handoffs.of_word(word)]
    if asked := list(_asked(options)):
        return [subject for tool, reference in asked for subject in _meant(tool, reference, repo)]
    newest = references.last(options["last"] or "")
    found = handoffs.newest(newest, repo)
    if options["last"] and stderr.isatty():
        stderr.write(f"{len(found)}/{newest.count} sessions")
    return found


def _asked(options: dict[str, Any]) -> list[tuple[str | None, str]]:
    named = [("claude-code", options["claude"]), ("gemini", options["gemini"])]
    tools = [references.of_tool(value) for value in options["tool"] or ()]
    return [(tool, reference) for tool, reference in (*named, *tools) if reference is not None]


def _meant(tool: str | None, reference: str, repo: Path | None) -> list[Subject]:
    if tool and not is_known(tool):
        raise Usage(f"there is no agent {tool}; `manage.py parsers --all` lists their names")
    if Path(reference).is_file():
        return handoffs.of_file(Path(reference))
    return handoffs.meant(references.parse(reference), tool, repo)


def _root(path: Path) -> Path:
    """Return the repository that `path` lies in, or `path` itself where there is none. Raises Usage."""
    folder = path.expanduser().resolve()
    if not folder.is_dir():
        raise Usage(f"--repo {path}: there is no such folder")
    return nearest(folder) or folder
