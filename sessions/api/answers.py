"""JSON answers that a client can ask for again: they carry an ETag, and are not sent twice."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, cast

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import quote_etag
from rest_framework.request import Request

_encode = msgspec.json.Encoder().encode


def conditional(request: Request, value: Any, headers: Mapping[str, str] | None = None) -> HttpResponseBase:
    """Answer with a value as JSON, or with 304 when the client has it already."""
    data = _encode(value)
    etag = quote_etag(blake2b(data, digest_size=12).hexdigest())
    response = HttpResponse(data, content_type="application/json", headers={**(headers or {}), "ETag": etag})
    # Who asks decides what is shown, and what may be kept.
    patch_vary_headers(response, ["Authorization", "Cookie"])
    answer = get_conditional_response(cast(HttpRequest, request), etag=etag, response=response)
    return cast(HttpResponseBase, answer)
