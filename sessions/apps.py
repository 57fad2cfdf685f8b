from __future__ import annotations

import gc

from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions"
    label = "ai_sessions"  # "sessions" belongs to django.contrib.sessions.
    verbose_name = "AI sessions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Leave what was imported out of all searches for garbage, even the last one, which delays the end."""
        gc.freeze()
        gc.enable()
