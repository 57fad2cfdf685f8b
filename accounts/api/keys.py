"""API keys: issue, list, revoke."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from django.utils import timezone
from rest_framework.decorators import api_view, permission_classes, throttle_scope
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.answers import api_key
from accounts.authentication import authenticated

LONGEST_LIST = 100


@api_view(["POST"])
@permission_classes([IsAuthenticated])
@throttle_scope("keys")
def issue(request: Request) -> Response:
    """Make a key, which is shown this once. Active ones stay good for seven days."""
    return Response({"api_key": services.issue_key(user=authenticated(request))})


@api_view(["GET"])
@permission_classes([IsAuthenticated])
def listing(request: Request) -> Response:
    """List the newest hundred keys of the user, by their beginnings."""
    now = timezone.now()
    return Response({"api_keys": [api_key(key, now) for key in authenticated(request).api_keys.all()[:LONGEST_LIST]]})


@api_view(["DELETE"])
@permission_classes([IsAuthenticated])
def revoke(request: Request, pk: UUID) -> Response:
    """End a key at once."""
    if not services.revoke_key(user=authenticated(request), pk=pk):
        raise Http404
    return Response({"ok": True})
