from __future__ import annotations

import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sessions.daemon.pidfile import AlreadyRunning, only_instance
from sessions.daemon.run import Daemon
from sessions.faces import INDEX_FAILURES, ingest_settings, need_local_profile, said
from sessions.ingest.run import Settings, index
from sessions.tables import prepare


class Command(BaseCommand):
    help = "Watch the logs of coding agents and index what they write, until stopped. Example: manage.py rundaemon"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="index what changed, then stop")

    def handle(self, *, once: bool, **options: Any) -> str:
        need_local_profile("rundaemon")
        settings = ingest_settings(wait=1.0)
        try:
            prepare()
            with only_instance(settings.data_dir):
                return _once(settings) if once else self._watch(settings)
        except AlreadyRunning as error:
            raise CommandError(str(error)) from error
        except INDEX_FAILURES as error:
            raise CommandError(said(error)) from error

    def _watch(self, settings: Settings) -> str:
        daemon = Daemon(settings)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, daemon.stop)
        self.stdout.write(f"Watching the sessions in {settings.home}; Ctrl-C stops.")
        self.stdout.flush()
        daemon.run()
        return "Stopped; all that was read is indexed."


def _once(settings: Settings) -> str:
    report = index(settings)
    return f"Read {report.files_opened:,} of {report.files_seen:,} logs; {report.events:,} new events."
