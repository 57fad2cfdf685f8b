"""What commands and the daemon share: where to index from, and how failures are said to people."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.db import DatabaseError

from parsers import extra
from parsers.external import External
from parsers.extra import ToolPlace
from parsers.registry import TOOLS
from sessions import config
from sessions.ingest.lock import Busy
from sessions.ingest.run import Settings
from sessions.ingest.workers import WorkerDied

INDEX_FAILURES = (Busy, WorkerDied, OSError, DatabaseError)


def ingest_settings(wait: float = 0.0) -> Settings:
    """Return where to index from. Raises CommandError when the configuration file is not right."""
    try:
        own = config.load(settings.OPENSESSION_CONFIG)
    except ImproperlyConfigured as error:
        raise CommandError(str(error)) from error
    external = {each.name: _external(each) for each in own.parsers}
    return Settings(
        home=Path.home(),
        env=os.environ,
        data_dir=Path(settings.OPENSESSION_DATA_DIR),
        keep_raw=settings.OPENSESSION_KEEP_RAW,
        wait=wait,
        places=tuple(_places(own, external)),
        external=external,
    )


def _external(own: config.OwnParser) -> External:
    command = own.command if isinstance(own.command, tuple) else (own.command,)
    if own.name in TOOLS:
        raise CommandError(f"[[parsers]] {own.name}: there is a parser of that name already; choose another")
    return External(own.name, (str(Path(command[0]).expanduser()), *command[1:]), own.glob, own.seconds)


def _places(own: config.Config, external: Mapping[str, External]) -> Iterator[ToolPlace]:
    for each in own.sources:
        if each.tool not in TOOLS:
            raise CommandError(f"[[sources]]: there is no parser for {each.tool}; `manage.py parsers --all` lists all")
        yield from extra.of_tool(each.tool, Path(each.path).expanduser().absolute())
    for path in own.watchers.custom_paths:
        yield from extra.below(Path(path).expanduser().absolute())
    yield from ((name, parser.place()) for name, parser in external.items())


def is_local() -> bool:
    """Tell whether sessions of this machine may be indexed: a server must not feed its operator's own to a team."""
    return bool(settings.OPENSESSION_PROFILE == "local")


def need_local_profile(command: str) -> None:
    if not is_local():
        raise CommandError(
            f"`{command}` reads the sessions of this machine and works in the local profile only; "
            f"OPENSESSION_PROFILE is {settings.OPENSESSION_PROFILE!r}"
        )


def said(error: Exception) -> str:
    """Return one line that names what failed and the next step."""
    if isinstance(error, OSError) and error.strerror:
        place = f" ({error.filename})" if error.filename else ""
        is_gone = isinstance(error, FileNotFoundError)
        remedy = "Make it or name another place" if is_gone else "Make room or mend the permissions"
        return f"{error.strerror}{place}; nothing half-written was kept. {remedy}, then run again"
    if isinstance(error, DatabaseError):
        return (
            f"the database refused: {error}. If it is locked, wait for the other program; else run `manage.py prepare`"
        )
    return str(error)
