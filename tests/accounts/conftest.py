from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.accounts.fake_provider import Provider, serve


@pytest.fixture
def provider(logins: Settings) -> Iterator[Provider]:
    """Run a provider that is GitHub and GitLab, and let people log in with it."""
    with serve() as provider:
        logins.GITHUB_URL, logins.GITHUB_API_URL = provider.url, f"{provider.url}/api"
        logins.GITHUB_CLIENT_ID, logins.GITHUB_CLIENT_SECRET = "hub id", "hub secret"
        logins.GITLAB_URL, logins.GITLAB_EXTERNAL_URL = provider.url, "https://gitlab.example.org"
        logins.GITLAB_CLIENT_ID, logins.GITLAB_CLIENT_SECRET = "lab id", "lab secret"
        yield provider
