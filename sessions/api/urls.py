"""The addresses below `/api`. Without slashes at their ends; whatever is not here is a 404 in JSON."""

from __future__ import annotations

from django.urls import include, path, re_path

from sessions.api import docs, errors, preview, schema, sessions, sharing, system

urlpatterns = [
    path("health", system.health),
    path("ready", system.ready),
    path("capabilities", system.capabilities),
    path("ingest/preview", preview.ingest_preview),
    path("sessions", sessions.SessionsView.as_view()),
    path("sessions/<uuid:pk>", sessions.SessionView.as_view()),
    path("sessions/<uuid:pk>/raw", sessions.RawView.as_view()),
    path("schema", schema.SchemaView.as_view(), name="schema"),
    path("docs", docs.api_docs, name="api-docs"),
    path("sessions/<uuid:pk>/shares", sharing.shares),
    path("shares/<uuid:link>", sharing.share),
    path("auth/", include("accounts.api.urls")),
    re_path(r"^(?P<path>.*)$", errors.not_found),
]
