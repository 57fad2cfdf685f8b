"""Registering, logging in, and who one is."""

from __future__ import annotations

from rest_framework import exceptions, status
from rest_framework.decorators import api_view, authentication_classes, permission_classes, throttle_scope
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import login as logins
from accounts import services, tokens
from accounts.api import serializers
from accounts.api.answers import profile, token_pair
from accounts.api.errors import Refused
from accounts.authentication import authenticated

WRONG = "The e-mail or the password is wrong, or this account logs in with a provider."


@api_view(["POST"])
@authentication_classes([])
@throttle_scope("register")
def register(request: Request) -> Response:
    given = serializers.read(serializers.Registration, request)
    tokens.need_secret()
    user = services.register(**given)
    return Response(token_pair(services.issue_tokens(user=user)), status=status.HTTP_201_CREATED)


@api_view(["POST"])
@authentication_classes([])
@throttle_scope("login")
def login(request: Request) -> Response:
    given = serializers.read(serializers.Credentials, request)
    tokens.need_secret()
    email = given["email"].strip().lower()
    services.check_email(email)
    try:
        user = logins.check(request._request, name=email, password=given["password"])
    except logins.LockedOut as error:
        raise exceptions.Throttled(logins.seconds_locked(), "Too many failed logins.") from error
    if user is None:
        raise Refused(WRONG)
    logins.note(request._request, user)
    return Response(token_pair(services.issue_tokens(user=user)))


@api_view(["POST"])
@authentication_classes([])
@throttle_scope("refresh")
def refresh(request: Request) -> Response:
    given = serializers.read(serializers.Refresh, request)
    tokens.need_secret()
    pair = services.rotate(refresh=given["refresh_token"])
    if pair is None:
        raise Refused("The refresh token is not known, used already, or no longer valid.")
    return Response(token_pair(pair))


@api_view(["POST"])
@authentication_classes([])
def logout(request: Request) -> Response:
    """End the login that a refresh token belongs to. Says the same of unknown ones."""
    services.end_login(refresh=serializers.read(serializers.Refresh, request)["refresh_token"])
    return Response({"ok": True})


@api_view(["POST"])
@permission_classes([IsAuthenticated])
def verify(request: Request) -> Response:
    user = authenticated(request)
    return Response({"user_id": str(user.pk), "nickname": user.nickname})


@api_view(["GET"])
@permission_classes([IsAuthenticated])
def me(request: Request) -> Response:
    return Response(profile(authenticated(request)))


@api_view(["PUT"])
@permission_classes([IsAuthenticated])
@throttle_scope("change")
def password(request: Request) -> Response:
    given = serializers.read(serializers.PasswordChange, request)
    try:
        services.change_password(
            user=authenticated(request), current=given["current_password"], new=given["new_password"]
        )
    except services.WrongPassword as error:
        raise Refused(error.messages[0]) from error
    return Response({"ok": True})
