from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from sessions import bodies


class Command(BaseCommand):
    help = "Make a server ready to start: apply migrations, make the bucket. Example: manage.py prepare"
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> str:
        try:
            call_command("migrate", interactive=False, verbosity=options["verbosity"], stdout=self.stdout)
        except (DatabaseError, OSError) as error:
            raise CommandError(f"the database cannot be made ready: {error}") from error
        try:
            bodies.store().prepare()
        except OSError as error:
            raise CommandError(f"bodies cannot be kept: {error}") from error
        return "Ready."
