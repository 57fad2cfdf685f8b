"""The JSON that comes with a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import msgspec
from django.conf import settings
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from sessions.api.errors import TooLarge


class JsonBody(BaseParser):
    """Reads `application/json` and `*+json`, and refuses whatever else there is.

    No page of another site can send these by itself, as it can a form: its browser asks first, and is refused.
    """

    media_type = "*/*"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        if not _is_json(media_type or ""):
            raise UnsupportedMediaType(media_type or "a body without Content-Type")
        if parser_context and length(parser_context["request"]) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        try:
            return msgspec.json.decode(stream.read())
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise ParseError(f"The body is no JSON: {error}") from error


def length(request: Request) -> int:
    """Return how many bytes the body is said to have."""
    said = request.META.get("CONTENT_LENGTH") or "0"
    return int(said) if said.isascii() and said.isdigit() else 0


def _is_json(media_type: str) -> bool:
    media = media_type.partition(";")[0].strip().lower()
    return media == "application/json" or media.endswith("+json")
