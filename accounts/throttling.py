"""How often one may ask, counted over all processes. The rates are settings: `DEFAULT_THROTTLE_RATES`."""

from __future__ import annotations

from ipaddress import ip_address

from django.http import HttpRequest
from rest_framework.settings import api_settings
from rest_framework.throttling import ScopedRateThrottle


class Scoped(ScopedRateThrottle):
    """Counts requests to views with a `throttle_scope`: by user, else by address."""

    def get_rate(self) -> str:
        # Read anew: the base class keeps what was set when it was imported.
        return str(api_settings.DEFAULT_THROTTLE_RATES[str(self.scope)])


class _Page:
    """What a throttle asks a view for."""

    def __init__(self, scope: str) -> None:
        self.throttle_scope = scope


def allows(request: HttpRequest, scope: str) -> bool:
    """Count a request to a page, and tell whether it may go on."""
    return Scoped().allow_request(request, _Page(scope))  # type: ignore[arg-type]  # META, headers and user are the same


def address_of(request: HttpRequest) -> str | None:
    """Return where the client is, behind as many proxies as the settings say; None where that is no address."""
    try:
        return str(ip_address(Scoped().get_ident(request)))  # type: ignore[arg-type]
    except ValueError:
        return None
