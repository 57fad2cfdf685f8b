from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from sessions.faces import INDEX_FAILURES, ingest_settings, need_local_profile, said
from sessions.ingest.run import index
from sessions.management.commands.serve import address, need_free_port
from sessions.models import Session
from sessions.services import forget

SAMPLES = settings.BASE_DIR / "sessions" / "samples"
PATIENCE = 10.0
"""Seconds that a process gets to end by itself."""


class Command(BaseCommand):
    help = "Index this machine's sessions, serve the pages and follow running agents. Example: manage.py up"
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> str:
        need_local_profile("up")
        need_free_port(*address())
        ingest_settings()  # What is wrong there would end the daemon, and the pages would go on without it.
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        try:
            call_command("migrate", verbosity=0, skip_checks=True)
            self._index()
            code = self._serve()
        except KeyboardInterrupt:
            return "Stopped."
        except INDEX_FAILURES as error:
            raise CommandError(said(error)) from error
        raise CommandError(f"the server ended with exit code {code}")

    def _index(self) -> None:
        try:
            call_command("index", stdout=self.stdout, stderr=self.stderr)
        except CommandError as error:
            # What could be read is there, and the pages show it.
            self.stderr.write(str(error))
        samples = Session.objects.filter(strands__source__path__startswith=f"{SAMPLES}{os.sep}").distinct()
        if not Session.objects.exclude(pk__in=samples).exists():
            index(ingest_settings(wait=PATIENCE)._replace(home=SAMPLES, env={}))
            self.stdout.write("You see sample sessions, until the first start after your agents have worked here.")
            return
        for session in samples:
            forget(session=session)

    def _serve(self) -> int:
        host, port = address()
        self.stdout.write(f"OpenSession {settings.VERSION}: http://{host}:{port} (Ctrl-C stops it)")
        self.stdout.flush()
        with _running("rundaemon"), _running("serve", "--verbosity=0") as server:
            return server.wait()


@contextmanager
def _running(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command beside this one, and stop it in the end."""
    # In a session of its own it does not get the terminal's Ctrl-C; we stop it, in our order.
    manage = str(settings.BASE_DIR / "manage.py")
    process = subprocess.Popen([sys.executable, manage, *command], start_new_session=True)
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
