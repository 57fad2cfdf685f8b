from __future__ import annotations

from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions"
    label = "ai_sessions"  # "sessions" belongs to django.contrib.sessions.
    verbose_name = "AI sessions"
    default_auto_field = "django.db.models.BigAutoField"
