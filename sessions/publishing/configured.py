"""What the settings say about uploads, for the faces that take them."""

from __future__ import annotations

from django.conf import settings

from sessions.publishing.store import Defaults


def defaults() -> Defaults:
    return Defaults(settings.OPENSESSION_DEFAULT_VISIBILITY, settings.OPENSESSION_SESSION_SCORE_PLUGIN)
