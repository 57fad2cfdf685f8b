from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden

from accounts.viewer import comes_from_this_machine
from opensession.logs import request_id

logger = logging.getLogger("opensession.requests")

Answer = Callable[[HttpRequest], HttpResponse]

_ID = re.compile(r"[A-Za-z0-9._-]{8,64}").fullmatch


class RequestLog:
    """Give every request an id, or keep the one that a proxy gave it, and log what was answered.

    The address is logged as its route: it may hold a search or the secret of a link.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given, began = request.headers.get("X-Request-ID", ""), time.monotonic()
        identity = given if _ID(given) else uuid4().hex
        token = request_id.set(identity)
        try:
            response = self.get_response(request)
            logger.info("answered", extra=_facts(request, response, began))
        finally:
            request_id.reset(token)
        response["X-Request-ID"] = identity
        return response


def _facts(request: HttpRequest, response: HttpResponse, began: float) -> dict[str, object]:
    match = request.resolver_match
    return {
        "method": request.method,
        "route": match.route if match else "",
        "session": match.kwargs.get("pk") if match else None,
        "status": response.status_code,
        "milliseconds": round((time.monotonic() - began) * 1000),
    }


class LoopbackOnly:
    """Refuse, in the local profile, what does not come straight from this machine: it would be the operator."""

    def __init__(self, get_response: Answer) -> None:
        if settings.OPENSESSION_PROFILE != "local":
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # A foreign page may point its own name at 127.0.0.1; asking for the host refuses every name but ours.
        request.get_host()
        if not comes_from_this_machine(request):
            return HttpResponseForbidden("The local profile answers to this machine only.", content_type="text/plain")
        return self.get_response(request)
