from __future__ import annotations

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView


class PreviewThrottle(SimpleRateThrottle):
    """So many previews may be asked for from an address, through the API and the pages together."""

    scope = "preview"

    def allow(self, request: HttpRequest) -> bool:
        """Count a request of a page, and tell whether it may go on."""
        return self.allow_request(Request(request), APIView())

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}
