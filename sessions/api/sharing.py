"""Share links and visibility: what the owner of a session decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.authentication import CSRFCheck
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.viewer import Viewer, viewer_of
from sessions import moderation, sharing, turns
from sessions.access import link_owned, session_owned
from sessions.addresses import share_address
from sessions.api.schema import Done
from sessions.models import Session, ShareLink


def _one_of(choices: Sequence[str], **more: Any) -> serializers.ChoiceField:
    message = f'"{{input}}" is none of {", ".join(choices)}.'
    return serializers.ChoiceField(choices=choices, error_messages={"invalid_choice": message}, **more)


class ShareRequest(serializers.Serializer):  # type: ignore[type-arg]
    expires_in = _one_of(list(sharing.LIFETIMES), default="7d")
    password = serializers.CharField(
        min_length=sharing.SHORTEST_PASSWORD, max_length=128, required=False, default="", trim_whitespace=False
    )
    hidden_turns = serializers.ListField(child=serializers.CharField(max_length=300), required=False, default=list)
    allows_download = serializers.BooleanField(default=False)


class ShareAnswer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.UUIDField()
    session_id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    has_password = serializers.SerializerMethodField()
    allows_download = serializers.BooleanField()
    hidden_parts = serializers.SerializerMethodField()
    view_count = serializers.IntegerField()
    viewed_at = serializers.DateTimeField(allow_null=True)

    def get_has_password(self, link: ShareLink) -> bool:
        return bool(link.password)

    def get_hidden_parts(self, link: ShareLink) -> int:
        return len(link.hidden_turns)


class ShareMade(ShareAnswer):
    url = serializers.CharField()


class Shares(serializers.Serializer):  # type: ignore[type-arg]
    shares = ShareAnswer(many=True)


class VisibilityAnswer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.UUIDField()
    visibility = _one_of(Session.Visibility.values)


class VisibilityRequest(serializers.Serializer):  # type: ignore[type-arg]
    visibility = _one_of(Session.Visibility.values)


@extend_schema(methods=["GET"], operation_id="list_shares", responses=Shares, tags=["sharing"])
@extend_schema(
    methods=["POST"], operation_id="share_session", request=ShareRequest, responses={201: ShareMade}, tags=["sharing"]
)
@api_view(["GET", "POST"])
def shares(request: Request, pk: UUID) -> Response:
    """List the live links to a session, or make one. Its address is told this once."""
    identified(request)
    session = session_owned(plain(request), pk)
    if request.method == "GET":
        live = ShareLink.objects.live(timezone.now()).filter(session=session).order_by("-created_at")[:100]
        return Response({"shares": ShareAnswer(live, many=True).data})
    given = ShareRequest(data=request.data)
    given.is_valid(raise_exception=True)
    link, token = _made(request, session, given.validated_data)
    return Response(
        {**ShareAnswer(link).data, "url": share_address(plain(request), token)}, status=status.HTTP_201_CREATED
    )


@extend_schema(operation_id="revoke_share", responses={200: Done}, tags=["sharing"])
@api_view(["DELETE"])
def share(request: Request, link: UUID) -> Response:
    """Revoke a link. Doing so twice is no error."""
    viewer = identified(request)
    found = link_owned(plain(request), link)
    sharing.revoke(link=found, actor=viewer.user, now=timezone.now())
    return Response({"ok": True})


def change(request: Request, pk: UUID) -> Response:
    """Change who may read a session."""
    viewer = identified(request)
    found = session_owned(plain(request), pk)
    given = VisibilityRequest(data=request.data)
    given.is_valid(raise_exception=True)
    moderation.set_visibility(session=found, visibility=given.validated_data["visibility"], actor=viewer.user)
    return Response({"id": str(found.pk), "visibility": found.visibility})


def identified(request: Request) -> Viewer:
    """Return who wants to change something. Raises NotAuthenticated.

    The operator sends no key. A foreign page can reach this machine too, so a change needs the token of our own pages.
    """
    viewer = viewer_of(plain(request))
    if viewer.user is None and not viewer.is_operator:
        raise exceptions.NotAuthenticated
    if viewer.user is None and request.method not in ("GET", "HEAD"):
        _need_csrf_token(plain(request))
    return viewer


def plain(request: Request) -> HttpRequest:
    """Return Django's own request, which knows the user that the key or token stands for."""
    return request._request


def _need_csrf_token(request: HttpRequest) -> None:
    check = CSRFCheck(lambda _: None)  # type: ignore[arg-type]
    check.process_request(request)
    # Views of the API are exempt from the check, so none is named.
    if reason := check.process_view(request, None, (), {}):  # type: ignore[arg-type]
        raise exceptions.PermissionDenied(f"Send a key or a token, or the CSRF token of a page: {reason}")


def _made(request: Request, session: Session, given: dict[str, Any]) -> tuple[ShareLink, str]:
    try:
        hidden = turns.ranges(session, given["hidden_turns"])
    except turns.NoTurn as error:
        raise exceptions.ValidationError({"hidden_turns": str(error)}) from error
    lifetime: timedelta | None = sharing.LIFETIMES[given["expires_in"]]
    return sharing.share(
        session=session,
        actor=viewer_of(plain(request)).user,
        now=timezone.now(),
        lifetime=lifetime,
        password=given["password"],
        hidden=hidden,
        allows_download=given["allows_download"],
    )
