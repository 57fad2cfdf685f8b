from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import DisallowedHost, MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden, JsonResponse
from django.template.loader import render_to_string

from accounts.viewer import comes_from_this_machine
from opensession.logs import REQUEST_ID, request_id

logger = logging.getLogger("opensession.requests")

Answer = Callable[[HttpRequest], HttpResponse]

_OF_SESSION = re.compile("(api/)?sessions?/").match
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
        request.META[REQUEST_ID] = identity
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
        "session": match.kwargs.get("pk") if match and _OF_SESSION(match.route) else None,
        "status": response.status_code,
        "milliseconds": round((time.monotonic() - began) * 1000),
    }


class KnownHost:
    """Refuse what was sent to a name that is not ours: links would lead there.

    A foreign page may point a name of its own at 127.0.0.1, so the local profile counts on this too.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        is_local = settings.OPENSESSION_PROFILE == "local"
        self._answered = "only loopback names are answered" + ("" if is_local else ", and OPENSESSION_ALLOWED_HOSTS")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            request.get_host()
        except DisallowedHost:
            host = str(request.META.get("HTTP_HOST") or request.META.get("SERVER_NAME", ""))[:100]
            logger.warning("refused what was sent to %r: %s", host, self._answered)
            message = "This server does not answer to that host name."
            headers = {"X-Content-Type-Options": "nosniff"}
            if request.path.startswith("/api/"):
                return JsonResponse({"code": "bad_request", "message": message}, status=400, headers=headers)
            return HttpResponseBadRequest(message, content_type="text/plain", headers=headers)
        return self.get_response(request)


class LoopbackOnly:
    """Refuse, in the local profile, what does not come straight from this machine: it would be the operator."""

    def __init__(self, get_response: Answer) -> None:
        if settings.OPENSESSION_PROFILE != "local":
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not comes_from_this_machine(request):
            return HttpResponseForbidden("The local profile answers to this machine only.", content_type="text/plain")
        return self.get_response(request)


class FormsOnly:
    """Say on a page that its address takes only what a form sends: Django answers nothing that people can see."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_read = request.method in ("GET", "HEAD")
        if response.status_code == 405 and is_read and not response.content and "POST" in response["Allow"]:
            # The headers stay: the address may be the secret of a link.
            response.content = render_to_string("405.html", request=request).encode()
        return response
