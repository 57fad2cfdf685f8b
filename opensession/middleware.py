from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden

from accounts.viewer import comes_from_this_machine


class LoopbackOnly:
    """Refuse, in the local profile, what does not come straight from this machine: it would be the operator."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if settings.OPENSESSION_PROFILE != "local":
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # A foreign page may point its own name at 127.0.0.1; asking for the host refuses every name but ours.
        request.get_host()
        if not comes_from_this_machine(request):
            return HttpResponseForbidden("The local profile answers to this machine only.", content_type="text/plain")
        return self.get_response(request)
