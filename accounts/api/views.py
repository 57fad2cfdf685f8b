"""Registering, logging in, and who one is."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import exceptions, status
from rest_framework.decorators import api_view, authentication_classes, permission_classes, throttle_scope
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import login as logins
from accounts import services, tokens
from accounts.api import serializers
from accounts.api.answers import Ended, Profile, Tokens, Verified, answered, profile, token_pair
from accounts.api.errors import Refused
from accounts.authentication import authenticated

WRONG = "The e-mail or the password is wrong, or this account logs in with a provider."
_REFUSED = OpenApiResponse(description="What was sent is not, or no longer, good.")


@extend_schema(operation_id="register", request=serializers.Registration, responses={201: Tokens})
@api_view(["POST"])
@authentication_classes([])
@throttle_scope("register")
def register(request: Request) -> Response:
    """Make an account, and log in."""
    given = serializers.read(serializers.Registration, request)
    tokens.need_secret()
    user = services.register(**given)
    return answered(token_pair(services.issue_tokens(user=user)), status.HTTP_201_CREATED)


@extend_schema(operation_id="login", request=serializers.Credentials, responses={200: Tokens, 401: _REFUSED})
@api_view(["POST"])
@authentication_classes([])
@throttle_scope("login")
def login(request: Request) -> Response:
    """Log in with e-mail and password."""
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
    return answered(token_pair(services.issue_tokens(user=user)))


@extend_schema(operation_id="refresh", request=serializers.Refresh, responses={200: Tokens, 401: _REFUSED})
@api_view(["POST"])
@authentication_classes([])
@throttle_scope("refresh")
def refresh(request: Request) -> Response:
    """Go on with a login: each refresh token is good once, and gives the next one."""
    given = serializers.read(serializers.Refresh, request)
    tokens.need_secret()
    pair = services.rotate(refresh=given["refresh_token"])
    if pair is None:
        raise Refused("The refresh token is not known, used already, or no longer valid.")
    return answered(token_pair(pair))


@extend_schema(operation_id="logout", request=serializers.Refresh, responses=Ended)
@api_view(["POST"])
@authentication_classes([])
def logout(request: Request) -> Response:
    """End the login that a refresh token belongs to. Says the same of unknown ones."""
    services.end_login(refresh=serializers.read(serializers.Refresh, request)["refresh_token"])
    return answered(Ended(ok=True))


@extend_schema(operation_id="verify", request=None, responses=Verified)
@api_view(["POST"])
@permission_classes([IsAuthenticated])
def verify(request: Request) -> Response:
    """Tell whose key or token was sent."""
    user = authenticated(request)
    return answered(Verified(user.pk, user.nickname))


@extend_schema(operation_id="get_profile", responses=Profile)
@api_view(["GET"])
@permission_classes([IsAuthenticated])
def me(request: Request) -> Response:
    """Tell of the account that asks."""
    return answered(profile(authenticated(request)))


@extend_schema(operation_id="change_password", request=serializers.PasswordChange, responses=Ended)
@api_view(["PUT"])
@permission_classes([IsAuthenticated])
@throttle_scope("change")
def password(request: Request) -> Response:
    """Change the password. All logins end, and keys stay."""
    given = serializers.read(serializers.PasswordChange, request)
    try:
        services.change_password(
            user=authenticated(request), current=given["current_password"], new=given["new_password"]
        )
    except services.WrongPassword as error:
        raise Refused(error.messages[0]) from error
    return answered(Ended(ok=True))
