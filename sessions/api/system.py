"""What the server is, and what it can do."""

from __future__ import annotations

from django.conf import settings
from drf_spectacular.utils import extend_schema
from msgspec import Struct
from rest_framework.decorators import api_view, authentication_classes
from rest_framework.request import Request
from rest_framework.response import Response

from sessions.api.errors import Unavailable
from sessions.api.schema import Error
from sessions.readiness import readiness


class Health(Struct, frozen=True):
    status: str
    version: str


class Capabilities(Struct, frozen=True):
    auth_enabled: bool
    upload_enabled: bool
    ingest_preview_enabled: bool
    gh_share_enabled: bool


@extend_schema(operation_id="health", responses=Health, tags=["system"])
@api_view(["GET"])
@authentication_classes([])
def health(request: Request) -> Response:
    """Tell that the process answers. Touches no database."""
    return Response({"status": "ok", "version": settings.VERSION})


@extend_schema(operation_id="ready", responses={200: Health, 503: Error}, tags=["system"])
@api_view(["GET"])
@authentication_classes([])
def ready(request: Request) -> Response:
    """Tell that the process can do its work, with 503 when it cannot."""
    if problem := readiness.problem():
        raise Unavailable(problem)
    return Response({"status": "ready", "version": settings.VERSION})


@extend_schema(operation_id="capabilities", responses=Capabilities, tags=["system"])
@api_view(["GET"])
@authentication_classes([])
def capabilities(request: Request) -> Response:
    """Tell which parts of the server are on."""
    is_worker = settings.OPENSESSION_PROFILE == "worker"
    return Response(
        {
            "auth_enabled": settings.AUTH_ENABLED,
            "upload_enabled": True,
            "ingest_preview_enabled": not is_worker,
            "gh_share_enabled": not is_worker,
        }
    )
