from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from handoff.diagnostic import MACHINE_FORMATS, diagnostic
from handoff.errors import HandoffError, Usage
from handoff.management.actions import inputs
from handoff.management.actions.plain import FORMATS, format_of
from handoff.markup import printable
from handoff.schema import schema_text
from sessions.bodies import BodyMissing
from sessions.faces import said
from sessions.terminal import inert_text

PLAIN = "plain"
ACTIONS: Mapping[str, frozenset[str]] = {
    PLAIN: frozenset({"format", "validate", "strict", "output", "populate"}),
    "save": frozenset({"artifact_id", "payload_format"}),
    "artifact": frozenset({"output"}),
    "resume": frozenset({"in", "dry_run"}),
}
"""What `handoff` can do, and the options that only some of it takes."""


class Error(CommandError):
    """Django prints the name of the class before the message."""


class Intermixed(CommandParser):
    """Takes files and ids behind options, too: `handoff resume --in codex ID`."""

    def parse_args(self, args: Sequence[str] | None = None, namespace: Namespace | None = None) -> Namespace:  # type: ignore[override]
        return self.parse_intermixed_args(args, namespace)


class Command(BaseCommand):
    help = (
        "Hand sessions off to the next agent. Example: manage.py handoff --last --format markdown. More: handoff FILE "
        "or ID of a session · handoff save … keeps the handoff in this git repository · handoff artifact list|show|"
        "refresh|render-md ID · handoff resume --in codex writes a session that another agent continues"
    )
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.__class__ = Intermixed  # Django makes the parser itself, of its own class.
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "words", nargs="*", metavar="FILE", help="logs, or ids of sessions, or what to do: see above"
        )
        inputs.add_arguments(parser)
        add = parser.add_argument_group("what to write").add_argument
        add("--format", choices=FORMATS, help="markdown on a terminal, else json")
        add("--validate", action="store_true", help="report on stderr what the handoff lacks")
        add("--strict", action="store_true", help="as --validate, and fail when there are errors")
        add("-o", "--output", type=Path, metavar="FILE", help="write to FILE instead of stdout")
        add("--populate", metavar="AGENT[:MODEL]", help="let claude, codex, opencode, gemini or amp write HANDOFF.md")
        add("--schema", action="store_true", help="print the JSON Schema of the json format")
        add = parser.add_argument_group("handoff save").add_argument
        add("--artifact-id", metavar="ID", help="name of the artifact; made from the time if left out")
        add("--payload-format", choices=["json", "jsonl"], help="what the artifact says of its payload (json)")
        add = parser.add_argument_group("handoff resume").add_argument
        add("--in", metavar="AGENT", help="the agent that goes on: claude-code or codex")
        add("--dry-run", action="store_true", help="print the session file instead of writing it")

    def handle(self, *, words: list[str], **options: Any) -> None:
        self.stderr.style_func = None  # What it notes on the way is no error, and should not look like one.
        name = words[0] if words and words[0] in ACTIONS.keys() - {PLAIN} else PLAIN
        try:
            if options["schema"]:
                self.stdout.write(schema_text(), ending="")
                return
            _refuse_others(name, options)
            action = import_module(f"handoff.management.actions.{name}")
            action.run(self, words if name == PLAIN else words[1:], options)
        except (HandoffError, BodyMissing, DatabaseError, OSError) as error:
            self._fail(error, name == PLAIN and format_of(self, options) in MACHINE_FORMATS)

    def _fail(self, error: Exception, is_for_program: bool) -> NoReturn:
        code = error.code if isinstance(error, HandoffError) else 3 if isinstance(error, FileNotFoundError) else 1
        if not is_for_program:
            raise Error(printable(said(error)), returncode=code) from error
        self.stdout.write(inert_text(diagnostic(said(error), code)))
        raise SystemExit(code) from error


def _refuse_others(name: str, options: dict[str, Any]) -> None:
    """Raise Usage for an option that this action does not take."""
    others = frozenset().union(*ACTIONS.values()) - ACTIONS[name]
    given = sorted(option for option in others if options[option])
    if given:
        what = "handoff" if name == PLAIN else f"handoff {name}"
        raise Usage(f"`{what}` takes no --{given[0].replace('_', '-')}; see `manage.py handoff --help`")
