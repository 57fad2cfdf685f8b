"""Clients of the API: what they send, and who they are."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts import services
from accounts.models import User

Answer = Any
"""What Django's test client returns: a response with `json()`."""


def post(client: Client, path: str, body: object = None, *, bearer: str = "", method: str = "POST") -> Answer:
    """Send JSON to an address below `/api/auth/`, or no body at all."""
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    content = {} if body is None else {"data": body, "content_type": "application/json"}
    return getattr(client, method.lower())(f"/api/auth/{path}", **content, headers=headers)


def get(client: Client, path: str, *, bearer: str = "") -> Answer:
    return post(client, path, bearer=bearer, method="GET")


def said(answer: Answer) -> tuple[int, str]:
    """Return the status and the code of an error, which must have the one shape of all errors."""
    assert sorted(answer.json()) == ["code", "message"]
    assert answer["Content-Type"] == "application/json"
    return answer.status_code, answer.json()["code"]


def token_of(user: User) -> str:
    """Return an access token, as a login gives it."""
    return services.issue_tokens(user=user).access
