from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from sessions.faces import INDEX_FAILURES, said
from sessions.ingest.folders import make_private
from sessions.readiness import readiness
from sessions.tables import prepare


class Command(BaseCommand):
    help = "Serve the pages, on this machine only in the local profile. Example: PORT=8000 manage.py serve"
    requires_system_checks: list[str] = []

    def handle(self, *, verbosity: int, **options: Any) -> None:
        need_free_port(*address())
        try:
            # What comes first makes this folder, and not all that does would keep it to its owner.
            make_private(Path(settings.OPENSESSION_DATA_DIR))
            prepare()
        except INDEX_FAILURES as error:
            raise CommandError(said(error)) from error
        call_command("collectstatic", interactive=False, verbosity=0)
        if verbosity:
            self._greet(*address())
        # The server takes this process over, so that it gets the signals which are meant for it.
        os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *_arguments(), "opensession.wsgi"])

    def _greet(self, host: str, port: int) -> None:
        where = f"http://{host}:{port}"
        if settings.BASE_URL and not settings.IS_LOCAL:
            where = f"{settings.BASE_URL}, from {where}"
        self.stdout.write(f"OpenSession {settings.VERSION}: {where} (Ctrl-C stops it)")
        if not settings.IS_LOCAL and (problem := readiness.of_database()):
            self.stdout.write(f"Not ready yet: {problem}")
        self.stdout.flush()


def address() -> tuple[str, int]:
    return "127.0.0.1" if settings.IS_LOCAL else "0.0.0.0", settings.PORT  # noqa: S104 - a server is for others.


def need_free_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(f"port {port} cannot be used: {error.strerror}; choose another, as PORT=3001") from error


def _arguments() -> list[str]:
    host, port = address()
    return [
        f"--chdir={settings.BASE_DIR}",
        f"--bind={host}:{port}",
        f"--workers={settings.WEB_CONCURRENCY}",
        # Each page that follows a running agent holds a thread.
        "--worker-class=gthread",
        "--threads=64",
        "--log-level=warning",
        # It would lie in the home directory, where nothing of ours belongs.
        "--no-control-socket",
        *(_ALONE if settings.IS_LOCAL else _BEHIND_A_PROXY),
        f"--logger-class=opensession.gunicorn_logs.{settings.OPENSESSION_LOG_FORMAT.title()}Logger",
    ]


# On a stop, pages that listen need not be waited for: they ask again by themselves.
_ALONE = ("--graceful-timeout=2",)
_BEHIND_A_PROXY = (
    # An upload of the largest size may be under way.
    "--graceful-timeout=30",
    # A thread at work on a long upload is not what this counts: only a process that does not answer at all is ended.
    "--timeout=60",
    # Longer than proxies keep a connection for the next request, so that none is closed under their hands.
    "--keep-alive=75",
)
