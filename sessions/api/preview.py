"""Look at a session that is sent along, or that lies in a git repository, without storing it."""

from __future__ import annotations

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from rest_framework.decorators import api_view, authentication_classes, parser_classes, throttle_classes
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from sessions.api import body, errors
from sessions.preview.errors import Busy, FileTooLarge, PreviewError
from sessions.preview.service import Preview, PreviewRequest, choices, preview
from sessions.preview.throttle import PreviewThrottle

MOST_BYTES = 16 << 20
"""A request for 10 MiB of content in base64 is smaller; one that is not holds more, and need not be read."""


@csrf_exempt
def ingest_preview(request: HttpRequest) -> HttpResponseBase:
    if settings.OPENSESSION_PROFILE == "worker":
        return errors.not_found(request)
    answer: HttpResponseBase = _preview(request)
    return answer


@api_view(["POST"])
@authentication_classes([])
@throttle_classes([PreviewThrottle])
@parser_classes([body.JsonBody])
def _preview(request: Request) -> HttpResponse:
    try:
        found = _previewed(request)
    except PreviewError as error:
        return _refused(error)
    # The session is JSON already, so it goes out as it is.
    return HttpResponse(msgspec.json.encode(found), content_type="application/json")


def _previewed(request: Request) -> Preview:
    if MOST_BYTES < body.length(request) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise FileTooLarge
    try:
        asked = msgspec.convert(request.data, PreviewRequest)
    except msgspec.ValidationError as error:
        raise ValidationError(str(error)) from error
    return preview(asked)


def _refused(error: PreviewError) -> Response:
    said: dict[str, object] = {"code": error.code, "message": error.message}
    if error.candidates:
        said["parser_candidates"] = msgspec.to_builtins(choices(error.candidates))
    headers = {"Retry-After": "5"} if isinstance(error, Busy) else {}
    return Response(said, status=error.status, headers=headers)
