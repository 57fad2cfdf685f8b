"""The one shape of every error: `{"code", "message"}`, whatever went wrong on the way to an answer."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, ValidationError
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from accounts.services import Taken
from accounts.tokens import TokensOff

logger = logging.getLogger(__name__)

CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "bad_request",
    429: "throttled",
    500: "internal",
    503: "unavailable",
}


class Conflict(exceptions.APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = "This is taken already."


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is larger than 256 MiB."


class Unavailable(exceptions.APIException):
    """The process runs, but something that it needs does not."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE


class NotConfigured(exceptions.APIException):
    """A part of the server is off because a setting is missing."""

    status_code = status.HTTP_500_INTERNAL_SERVER_ERROR


def handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Answer an exception that a view raised. Unknown ones are logged and say nothing of what failed."""
    known = _known(error)
    if known is None:
        logger.exception("unhandled error of the API")
        known = exceptions.APIException("Something went wrong here; it has been noted.")
    set_rollback()
    answer = Response(body(known.status_code, said(known.detail)), status=known.status_code)
    _add_headers(answer, known)
    return answer


def body(code: int, message: str) -> dict[str, str]:
    return {"code": CODES.get(code, "bad_request" if code < 500 else "internal"), "message": message}


def said(detail: Any) -> str:
    """Return what is wrong in one sentence; for fields the first of them, with its name."""
    if isinstance(detail, Mapping):
        name, first = next(iter(detail.items()), ("", ""))
        return said(first) if name in ("non_field_errors", "detail") else f"{name}: {said(first)}"
    if isinstance(detail, list | tuple):
        return said(detail[0]) if detail else ""
    return str(detail)


@csrf_exempt
def not_found(request: HttpRequest, path: str = "") -> JsonResponse:
    """Answer for every address below `/api` that there is nothing at."""
    return JsonResponse(body(404, f"There is no {request.path}; /api/schema lists what there is."), status=404)


def _known(error: Exception) -> exceptions.APIException | None:
    match error:
        case exceptions.APIException():
            return error
        case Http404():
            return exceptions.NotFound("There is no such thing, or it is not yours to see.")
        case PermissionDenied():
            return exceptions.PermissionDenied()
        case RequestDataTooBig():
            return TooLarge()
        case Taken():
            return Conflict(error.messages[0])
        case ValidationError():
            return exceptions.ValidationError(error.messages)
        case TokensOff():
            return NotConfigured(str(error))
        case _:
            return None


def _add_headers(answer: Response, error: exceptions.APIException) -> None:
    if header := getattr(error, "auth_header", None):
        answer["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        answer["Retry-After"] = str(int(wait) + 1)
