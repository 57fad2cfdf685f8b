"""`POST /api/sessions`: take a session from whoever has a key or token."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from django.conf import settings
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from opensession.hail.score import UnknownPlugin
from opensession.hail.split import PartTooLong
from sessions.api.errors import TooLarge
from sessions.publishing import request as requests
from sessions.publishing.collect import Refused
from sessions.publishing.configured import defaults
from sessions.publishing.store import Published, publish

CHUNK = 1 << 20
IN_MEMORY = 2 << 20
"""Bytes of a body that are held before it goes into a temporary file."""


class UploadAnswer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.UUIDField()
    url = serializers.CharField()
    session_score = serializers.IntegerField()
    score_plugin = serializers.CharField()


def upload(request: Request) -> Response:
    """Store a session. Answers 201, or 200 when the same content is there already. Who asks is known already."""
    _guard_type(request.content_type)
    with _spool() as received, _spool() as body:
        _receive(request, received)
        try:
            published = _published(request, received, body)
        except (Refused, UnknownPlugin) as error:
            raise ParseError(str(error)) from error
        except PartTooLong as error:
            raise TooLarge(f"{error}.") from error
    return Response(_answer(request, published), status=201 if published.is_new else 200)


def _published(request: Request, received: Any, body: Any) -> Published:
    collected, wishes = requests.read(received, body)
    owner = cast(User, request.user)
    return publish(owner=owner, collected=collected, wishes=wishes, body=body, defaults=defaults(), now=timezone.now())


def _answer(request: Request, published: Published) -> dict[str, Any]:
    upload = published.upload
    base = settings.BASE_URL or request.build_absolute_uri("/").rstrip("/")
    return {
        "id": str(upload.session_id),
        "url": f"{base}{upload.session.get_absolute_url()}",
        "session_score": upload.score,
        "score_plugin": upload.score_plugin,
    }


def _guard_type(content_type: str) -> None:
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise UnsupportedMediaType(content_type)


def _spool() -> SpooledTemporaryFile[bytes]:
    return SpooledTemporaryFile(max_size=IN_MEMORY)


def _receive(request: Request, file: IO[bytes]) -> None:
    """Read the body into a file. Raises TooLarge, early when the client tells the length."""
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and int(length) > most:
        raise TooLarge
    stream, size = _stream(request), 0
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if size > most:
            raise TooLarge
        file.write(chunk)
    file.seek(0)


def _stream(request: Request) -> Any:
    """Return what to read the body from. Django reads nothing of a body in chunks, whose length nobody tells."""
    is_chunked = "CONTENT_LENGTH" not in request.META and request.META.get("wsgi.input_terminated")
    return request.META["wsgi.input"] if is_chunked else request._request
