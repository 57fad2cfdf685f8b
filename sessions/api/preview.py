"""Look at a session that is sent along, or that lies in a git repository, without storing it."""

from __future__ import annotations

from functools import wraps

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import OpenApiResponse, extend_schema
from msgspec import UNSET, Struct, UnsetType
from rest_framework.decorators import api_view, authentication_classes, parser_classes, throttle_classes
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from sessions.api import body, errors
from sessions.api.schema import Error
from sessions.preview.errors import Busy, FileTooLarge, PreviewError
from sessions.preview.service import Choice, Preview, PreviewRequest, choices, preview
from sessions.preview.throttle import PreviewThrottle

MOST_BYTES = 16 << 20
"""A request for 10 MiB of content in base64 is smaller; one that is not holds more, and need not be read."""


class Refusal(Struct, frozen=True):
    """Why there is nothing to show, and where the reason is that no parser fits for sure, those to choose from."""

    code: str
    message: str
    parser_candidates: list[Choice] | UnsetType = UNSET


@extend_schema(
    operation_id="preview_session",
    request={"application/json": PreviewRequest},
    responses={
        200: Preview,
        404: OpenApiResponse(Error, "The profile `worker` makes no previews."),
        422: OpenApiResponse(Refusal, "The source was understood, but nothing can be shown of it."),
        503: OpenApiResponse(Refusal, "As many are made as may be; `Retry-After` says when to ask again."),
    },
    tags=["sessions"],
)
@api_view(["POST"])
@authentication_classes([])
@throttle_classes([PreviewThrottle])
@parser_classes([body.JsonBody])
def _preview(request: Request) -> HttpResponse:
    """Show a log as a session, without storing it: one that is sent along, or that lies in a repository."""
    try:
        found = _previewed(request)
    except PreviewError as error:
        return _refused(error)
    # The session is JSON already, so it goes out as it is.
    return HttpResponse(msgspec.json.encode(found), content_type="application/json")


# What describes the view for the API's document stands on what is wrapped.
@csrf_exempt
@wraps(_preview)
def ingest_preview(request: HttpRequest) -> HttpResponseBase:
    if settings.OPENSESSION_PROFILE == "worker":
        return errors.not_found(request)
    answer: HttpResponseBase = _preview(request)
    return answer


def _previewed(request: Request) -> Preview:
    if MOST_BYTES < body.length(request) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise FileTooLarge
    try:
        asked = msgspec.convert(request.data, PreviewRequest)
    except msgspec.ValidationError as error:
        raise ValidationError(str(error)) from error
    return preview(asked)


def _refused(error: PreviewError) -> Response:
    said = Refusal(error.code, error.message, choices(error.candidates) or UNSET)
    headers = {"Retry-After": "5"} if isinstance(error, Busy) else {}
    return Response(msgspec.to_builtins(said), status=error.status, headers=headers)
