"""API keys: issue, list, revoke."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view, permission_classes, throttle_scope
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.answers import ApiKeys, Ended, NewApiKey, answered, api_key
from accounts.authentication import authenticated

LONGEST_LIST = 100


@extend_schema(operation_id="issue_api_key", request=None, responses=NewApiKey)
@api_view(["POST"])
@permission_classes([IsAuthenticated])
@throttle_scope("keys")
def issue(request: Request) -> Response:
    """Make a key, which is shown this once. Active ones stay good for seven days."""
    return answered(NewApiKey(services.issue_key(user=authenticated(request))))


@extend_schema(operation_id="list_api_keys", responses=ApiKeys)
@api_view(["GET"])
@permission_classes([IsAuthenticated])
def listing(request: Request) -> Response:
    """List the newest hundred keys of the user, by their beginnings."""
    now = timezone.now()
    newest = authenticated(request).api_keys.all()[:LONGEST_LIST]
    return answered(ApiKeys(tuple(api_key(key, now) for key in newest)))


@extend_schema(operation_id="revoke_api_key", responses={200: Ended})
@api_view(["DELETE"])
@permission_classes([IsAuthenticated])
def revoke(request: Request, pk: UUID) -> Response:
    """End a key at once."""
    if not services.revoke_key(user=authenticated(request), pk=pk):
        raise Http404
    return answered(Ended(ok=True))
