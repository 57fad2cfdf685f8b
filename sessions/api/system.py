"""What the server is, and what it can do."""

from __future__ import annotations

from django.conf import settings
from rest_framework.decorators import api_view, authentication_classes
from rest_framework.request import Request
from rest_framework.response import Response


@api_view(["GET"])
@authentication_classes([])
def health(request: Request) -> Response:
    """Tell that the process answers. Touches no database."""
    return Response({"status": "ok", "version": settings.VERSION})


@api_view(["GET"])
@authentication_classes([])
def capabilities(request: Request) -> Response:
    is_worker = settings.OPENSESSION_PROFILE == "worker"
    return Response(
        {
            "auth_enabled": settings.AUTH_ENABLED,
            "upload_enabled": True,
            "ingest_preview_enabled": not is_worker,
            "gh_share_enabled": not is_worker,
        }
    )
