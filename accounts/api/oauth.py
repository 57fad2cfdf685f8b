"""Logging in with a provider: begin, link, and what the provider sends people back with."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import auth
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions
from rest_framework.decorators import api_view, authentication_classes, permission_classes, throttle_scope
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services, tokens
from accounts.api.answers import AuthorizeUrl, LoginProvider, LoginWays, answered
from accounts.authentication import authenticated
from accounts.backends import BACKEND
from accounts.destinations import base_url, callback_url, ours
from accounts.models import User
from accounts.oauth import client, identities, providers, states
from accounts.oauth.problems import OAuthProblem

_NEXT = OpenApiParameter("next", description="A page of ours, below `/`.")
_FROM_PROVIDER = [OpenApiParameter(name) for name in ("code", "state", "error")]
_AT_PROVIDER = OpenApiResponse(description="`Location` is the provider's page.")
_AT_OURS = OpenApiResponse(description="`Location` is a page of ours; its fragment has the tokens for a program.")
_BLOCKED = OpenApiResponse(description="The account is shut out.")
_LINKED = OpenApiResponse(description="The identity belongs to another account.")


@extend_schema(operation_id="list_providers", responses=LoginWays)
@api_view(["GET"])
@authentication_classes([])
def listing(request: Request) -> Response:
    """List the ways to log in."""
    oauth = tuple(LoginProvider(each.id, each.name) for each in providers.configured().values())
    return answered(LoginWays(settings.AUTH_ENABLED, oauth))


@extend_schema(operation_id="start_oauth", parameters=[_NEXT], responses={302: _AT_PROVIDER})
@api_view(["GET"])
@authentication_classes([])
@throttle_scope("oauth")
def start(request: Request, provider: str) -> HttpResponse:
    """Send a browser to the provider. With `next` it comes back to that page, else to tokens for a program."""
    chosen = _provider(provider)
    tokens.need_secret()
    begun = states.Begun(states.begin(provider=chosen.id), ours(request._request, request.GET.get("next", "")))
    url = client.authorize_url(chosen, callback_url(request._request, chosen.id), begun.state)
    return states.bind(HttpResponseRedirect(url), begun)


@extend_schema(operation_id="link_oauth", request=None, responses=AuthorizeUrl)
@api_view(["POST"])
@permission_classes([IsAuthenticated])
@throttle_scope("oauth")
def link(request: Request, provider: str) -> Response:
    """Return the address at the provider that links an identity. The browser that asks must be the one that goes."""
    chosen, user = _provider(provider), authenticated(request)
    tokens.need_secret()
    if user.identities.filter(provider=chosen.id).exists():
        raise services.Taken(f"An account at {chosen.name} is linked already.")
    begun = states.Begun(states.begin(provider=chosen.id, user=user))
    url = client.authorize_url(chosen, callback_url(request._request, chosen.id), begun.state)
    return states.bind(answered(AuthorizeUrl(url)), begun)


@extend_schema(
    operation_id="end_oauth", parameters=_FROM_PROVIDER, responses={302: _AT_OURS, 401: _BLOCKED, 409: _LINKED}
)
@api_view(["GET"])
@authentication_classes([])
@throttle_scope("oauth")
def callback(request: Request, provider: str) -> HttpResponse:
    """End what `start` or `link` began."""
    chosen = _provider(provider)
    begun = states.remembered(request._request)
    try:
        url = _ended(request._request, chosen, begun)
    except OAuthProblem as problem:
        if problem.code != "oauth_denied" and not begun.destination:
            raise _Failed(problem) from problem
        url = f"{base_url(request._request)}/login?error={problem.code}"
    return states.forget(HttpResponseRedirect(url))


class _Failed(exceptions.APIException):
    def __init__(self, problem: OAuthProblem) -> None:
        super().__init__(str(problem))
        self.status_code = problem.status


def _provider(name: str) -> providers.Provider:
    provider = providers.configured().get(name)
    if provider is None:
        raise Http404
    return provider


def _ended(request: HttpRequest, provider: providers.Provider, begun: states.Begun) -> str:
    """Return the address to go to. Raises OAuthProblem."""
    code, state = request.GET.get("code"), request.GET.get("state")
    if error := request.GET.get("error"):
        raise _said_by_provider(error, begun)
    if not code or not state:
        raise OAuthProblem("oauth_failed", 400, "The code or the state is missing.")
    states.need_same_browser(begun, state)
    tokens.need_secret()
    user = states.claim(state=state, provider=provider.id).user
    person = client.fetch_person(provider, code, callback_url(request, provider.id))
    if user is not None:
        return f"{base_url(request)}/settings?{_linked(user, provider, person)}"
    return _logged_in(request, identities.user_of(provider=provider.id, person=person), begun)


def _said_by_provider(error: str, begun: states.Begun) -> OAuthProblem:
    states.drop(begun)
    if error == "access_denied":
        return OAuthProblem("oauth_denied", 400)
    return OAuthProblem("oauth_failed", 400, f"The provider says: {error[:100]}.")


def _linked(user: User, provider: providers.Provider, person: client.Person) -> str:
    try:
        identities.link(user=user, provider=provider.id, person=person)
    except OAuthProblem as problem:
        return f"error={problem.code}"
    return "oauth_linked=true"


def _logged_in(request: HttpRequest, user: User, begun: states.Begun) -> str:
    pair = None if begun.destination else services.issue_tokens(user=user)
    auth.login(request, user, BACKEND)
    if pair is None:
        return begun.destination
    fragment = {"access_token": pair.access, "refresh_token": pair.refresh, "expires_in": tokens.SECONDS}
    # A fragment stays in the browser: no log on the way sees the tokens.
    return f"{base_url(request)}/auth/callback#{urlencode(fragment)}"
