from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from opensession.hail import extract, jsonl
from opensession.hail.model import Session
from parsers.base import ParseError
from sessions import config
from sessions.ingest.report import printable
from sessions.publishing.outgoing import SendFailed, meta, prepared, send

NO_FILE, NOT_READ, NO_KEY = 3, 2, 4


class Command(BaseCommand):
    help = (
        "Send a session to a server, without the secrets in it. Example: manage.py upload session.jsonl --private, or "
        "upload session.jsonl --git to store it on a branch of its repository"
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="the log of any agent, or HAIL")
        parser.add_argument("--tool", help="take the file for a log of this tool, whatever its path and content say")
        parser.add_argument("--server", help="address of the server; else `url` below [server] in the configuration")
        parser.add_argument("--api-key", help="your key there; else `api_key` below [server]")
        parser.add_argument("--parent", action="append", metavar="ID", help="a session that this one goes back to")
        parser.add_argument("--git", action="store_true", help="store it on the branch opensession/sessions instead")
        seen = parser.add_mutually_exclusive_group()
        for name in ("public", "unlisted", "private"):
            seen.add_argument(f"--{name}", dest="visibility", action="store_const", const=name, help=f"make it {name}")

    def handle(self, *, file: Path, tool: str | None, git: bool, **options: Any) -> str:
        if git and any(options[name] for name in ("server", "api_key", "parent", "visibility")):
            raise CommandError("--git stores the session in a repository; leave out what is for a server, or --git")
        if not file.exists():
            raise CommandError(f"there is no file {file}", returncode=NO_FILE)
        try:
            session, replaced = prepared(file, tool, Path.home())
        except ParseError as error:
            raise CommandError(str(error), returncode=NOT_READ) from error
        header = session.header
        self.stdout.write(printable(f"Parsed session: {header.session_id} ({len(session.events)} events)"))
        if extract.role(header.context) == extract.AUXILIARY:
            return "Skipping upload: it is part of another session."
        if replaced:
            self.stdout.write(f"Replaced in it: {replaced}")
        return _store(session) if git else _send(session, **options)


def _send(session: Session, server: str | None, api_key: str | None, **options: Any) -> str:
    known = _known_server()
    address, key = server or known.url, api_key or known.api_key
    if not address.startswith(("http://", "https://")):
        wrong = f"{printable(address)} is no address of a server; " if address else ""
        raise CommandError(f"{wrong}name a server, with --server https://… or as url below [server] in {_config()}")
    if not key:
        raise CommandError(
            f"an API key is needed: --api-key, or api_key below [server] in {_config()}", returncode=NO_KEY
        )
    wishes = {"linked_session_ids": options["parent"], "visibility": options["visibility"]}
    try:
        answer = send(address, key, session, **wishes)
    except SendFailed as error:
        raise CommandError(printable(str(error))) from error
    return printable(f"Session ID: {answer.get('id')}, at {answer.get('url')}")


def _store(session: Session) -> str:
    from opensession.gitstore import sessions
    from opensession.gitstore.repository import GitError, NotARepository, find_root

    worked_in = extract.working_directory(session.header.context)
    try:
        try:
            root = find_root(Path(worked_in or ".").expanduser())
        except NotARepository:
            root = find_root(Path.cwd())
        body = jsonl.dumps(session)
        path = sessions.put(root, session.header.session_id, body, meta(session), now=timezone.now())
    except GitError as error:
        raise CommandError(str(error)) from error
    return printable(f"Stored {path} on the branch opensession/sessions of {root}")


def _known_server() -> config.Server:
    try:
        return config.load(settings.OPENSESSION_CONFIG).server
    except ImproperlyConfigured as error:
        raise CommandError(str(error)) from error


def _config() -> Path:
    return Path(settings.OPENSESSION_CONFIG)
