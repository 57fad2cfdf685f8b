"""The providers, and the addresses and words in which they differ."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings

NAMES = {"github": "GitHub", "gitlab": "GitLab"}


@dataclass(frozen=True, slots=True)
class Provider:
    id: str
    client_id: str
    client_secret: str = field(repr=False)
    authorize_url: str
    token_url: str
    user_url: str
    scope: str
    username_key: str
    emails_url: str = ""
    """Where the addresses are listed with whether they are verified; empty where the profile tells."""

    @property
    def name(self) -> str:
        return NAMES[self.id]


def configured() -> dict[str, Provider]:
    """Return the providers that the settings name, by their ids."""
    found = []
    if settings.GITHUB_CLIENT_ID and settings.GITHUB_CLIENT_SECRET:
        found.append(_github(settings.GITHUB_URL, settings.GITHUB_API_URL))
    if settings.GITLAB_URL and settings.GITLAB_CLIENT_ID and settings.GITLAB_CLIENT_SECRET:
        found.append(_gitlab(settings.GITLAB_URL, settings.GITLAB_EXTERNAL_URL or settings.GITLAB_URL))
    return {provider.id: provider for provider in found}


def _github(site: str, api: str) -> Provider:
    return Provider(
        id="github",
        client_id=settings.GITHUB_CLIENT_ID,
        client_secret=settings.GITHUB_CLIENT_SECRET,
        authorize_url=f"{site}/login/oauth/authorize",
        token_url=f"{site}/login/oauth/access_token",
        user_url=f"{api}/user",
        emails_url=f"{api}/user/emails",
        scope="read:user,user:email",
        username_key="login",
    )


def _gitlab(site: str, seen_by_people: str) -> Provider:
    return Provider(
        id="gitlab",
        client_id=settings.GITLAB_CLIENT_ID,
        client_secret=settings.GITLAB_CLIENT_SECRET,
        authorize_url=f"{seen_by_people}/oauth/authorize",
        token_url=f"{site}/oauth/token",
        user_url=f"{site}/api/v4/user",
        scope="read_user",
        username_key="username",
    )
