"""What is said to a provider, and what it answers: the only code of accounts that goes out to the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import requests
from django.conf import settings
from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

from accounts.oauth.problems import OAuthProblem
from accounts.oauth.providers import Provider

SECONDS = 10
LONGEST_DETAIL = 300
BAD_CREDENTIALS = ("invalid_client", "incorrect_client_credentials")


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is at a provider. `email` is empty unless the provider has verified it."""

    id: str
    username: str
    avatar_url: str = ""
    email: str = ""


def authorize_url(provider: Provider, redirect_uri: str, state: str) -> str:
    asked = {
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "state": state,
        "scope": provider.scope,
        "response_type": "code",
    }
    return f"{provider.authorize_url}?{urlencode(asked, safe='', quote_via=quote)}"


def fetch_person(provider: Provider, code: str, redirect_uri: str) -> Person:
    """Trade the code for a token, and ask with it who this is. Raises OAuthProblem."""
    with requests.Session() as http:
        http.headers.update({"Accept": "application/json", "User-Agent": f"OpenSession/{settings.VERSION}"})
        token = _token(http, provider, code, redirect_uri)
        http.auth = _bearer(token)
        user = _json(http, provider.user_url)
        if not isinstance(user, dict):
            raise _failed(f"{provider.name} did not say who this is")
        emails = _emails(http, provider.emails_url) if provider.emails_url else _confirmed(user)
    return _person(provider, user, emails)


def _token(http: requests.Session, provider: Provider, code: str, redirect_uri: str) -> str:
    client = WebApplicationClient(provider.client_id)
    asked = {
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
        "code": code,
        "grant_type": "authorization_code",
        "redirect_uri": redirect_uri,
    }
    try:
        answer = http.post(provider.token_url, asked, timeout=SECONDS, allow_redirects=False)
        token = client.parse_request_body_response(answer.text)["access_token"]
    except OAuth2Error as error:
        hint = f". Check the client id and secret of {provider.name}" if error.error in BAD_CREDENTIALS else ""
        raise _failed(f"{error.error}: {error.description or ''}"[:LONGEST_DETAIL] + hint) from error
    except (requests.RequestException, ValueError, TypeError, AttributeError) as error:
        raise _failed(f"{provider.name} gave no token") from error
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise _failed(f"{provider.name} gave no token")
    return token


def _bearer(token: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return sign


def _json(http: requests.Session, url: str) -> Any:
    try:
        answer = http.get(url, timeout=SECONDS, allow_redirects=False)
        answer.raise_for_status()
        return answer.json()
    except (requests.RequestException, ValueError) as error:
        raise _failed("the profile could not be read") from error


def _emails(http: requests.Session, url: str) -> list[str]:
    """Return the primary address, when it is verified. Without the list there is none to trust."""
    try:
        listed = _json(http, url)
    except OAuthProblem:
        return []
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    return [str(entry.get("email")) for entry in entries if entry.get("primary") and entry.get("verified") is True]


def _confirmed(user: dict[str, Any]) -> list[str]:
    return [str(user.get("email"))] if user.get("confirmed_at") else []


def _person(provider: Provider, user: dict[str, Any], emails: list[str]) -> Person:
    number = user.get("id")
    if isinstance(number, bool) or not isinstance(number, int | str) or not str(number):
        raise _failed(f"{provider.name} gave no user id")
    username, avatar = user.get(provider.username_key), user.get("avatar_url")
    return Person(
        id=str(number)[:200],
        username=username[:200] if isinstance(username, str) and username else "unknown",
        avatar_url=avatar if isinstance(avatar, str) and avatar.startswith(("https://", "http://")) else "",
        email=next((email.strip().lower() for email in emails if "@" in email), ""),
    )


def _failed(detail: str) -> OAuthProblem:
    return OAuthProblem("oauth_failed", 500, f"The login with the provider failed: {detail}.")
