"""The OpenAPI document: what every operation takes and answers, and how each of them may fail.

Nothing has to be said twice: a view that names its serializer, or one of our own structs, is described from it; a view
that names none takes and gives plain objects. The errors that an operation may answer follow from its shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, cast

import msgspec
from django.conf import settings
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema as BaseAutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import Direction, OpenApiParameter, extend_schema
from msgspec import Struct
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.authentication import Bearer, OptionalBearer

BEARER = "bearer"
_REFERENCE = "#/components/schemas/{name}"
_FAILURES = {
    "400": "A parameter or the body makes no sense.",
    "401": "No valid key or token was sent.",
    "403": "It may be read, but not changed by whoever asks.",
    "404": "There is no such thing, or it is not for whoever asks to see.",
    "405": "The address does not take this method.",
    "406": "Only JSON can be answered.",
    "409": "It is taken already.",
    "413": "The body is too large.",
    "415": "The body must be JSON.",
    "422": "The body was understood, but nothing can be made of it.",
    "429": "Too many requests; `Retry-After` says when to go on.",
    "503": "The server cannot do its work at the moment.",
    "500": "Something went wrong in the server.",
}
_WITH_BODY = ("POST", "PUT", "PATCH")


class Error(Struct, frozen=True):
    """What every failure answers. `code` is for programs, `message` for people."""

    code: str
    message: str


class Done(Struct, frozen=True):
    """What is answered when there is nothing to tell."""

    ok: bool


class AutoSchema(BaseAutoSchema):
    """Describes an operation, and adds the failures that its shape allows. What a view names itself stays.

    A failure that a view only describes gets the shape of all failures.
    """

    def get_auth(self) -> list[dict[str, Any]]:
        # Both ways of asking for a key are one scheme; told apart by their classes, they would clash.
        if not self.view.get_authenticators():
            return []
        scheme = {"type": "http", "scheme": "bearer", "description": "An API key (`osk_…`) or an access token."}
        component = ResolvedComponent(BEARER, ResolvedComponent.SECURITY_SCHEMA, scheme, Bearer)
        self.registry.register_on_missing(component)
        return [{BEARER: []}, {}] if self._is_optional else [{BEARER: []}]

    def get_tags(self) -> list[str]:
        parts = [part for part in self.path.split("/") if part and part != "api"]
        return parts[:1]

    def _get_serializer(self) -> Any:
        names_one = hasattr(self.view, "serializer_class") or hasattr(self.view, "get_serializer")
        return super()._get_serializer() if names_one else OpenApiTypes.OBJECT  # type: ignore[no-untyped-call]

    def _get_response_bodies(self, direction: Direction = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        failure = self._get_response_for_code(Error, "500", ["application/json"], direction)  # type: ignore[no-untyped-call]
        for code in self._failures():
            bodies.setdefault(code, {"description": _FAILURES[code]})
        for code, answer in bodies.items():
            if code >= "400":
                answer.setdefault("content", failure["content"])
        return bodies

    def _failures(self) -> Iterator[str]:
        takes_body = self.method in _WITH_BODY
        if takes_body or self._get_parameters():
            yield "400"
        if self.view.get_authenticators():
            yield "401"
        if self.method not in SAFE_METHODS:
            yield from ("403", "409")
        if "{" in self.path:
            yield "404"
        if takes_body:
            yield from ("413", "415", "422")
        yield from ("405", "406", "429", "500")

    @property
    def _is_optional(self) -> bool:
        is_read = self.method in SAFE_METHODS
        return is_read and any(isinstance(each, OptionalBearer) for each in self.view.get_authenticators())


class StructExtension(OpenApiSerializerExtension):
    """Lets views name our own structs where others name serializers."""

    target_class = Struct
    match_subclasses = True

    def get_name(self, auto_schema: BaseAutoSchema, direction: str) -> str:
        return str(self.target.__name__)

    def map_serializer(self, auto_schema: BaseAutoSchema, direction: str) -> dict[str, Any]:
        _, components = msgspec.json.schema_components([self.target], ref_template=_REFERENCE)
        for schema in components.values():
            _type_tags(schema)
        own = components.pop(self.target.__name__)
        for name, schema in components.items():
            component = ResolvedComponent(name, ResolvedComponent.SCHEMA, schema, name)
            auto_schema.registry.register_on_missing(component)
        return cast(dict[str, Any], own)


def _type_tags(schema: dict[str, Any]) -> None:
    """Say of the tags that tell structs apart what msgspec leaves unsaid and spectacular wants to know."""
    for each in schema.get("properties", {}).values():
        if "enum" in each:
            each.setdefault("type", "string")


class SchemaView(APIView):
    authentication_classes = []

    @extend_schema(operation_id="get_schema", responses={200: OpenApiTypes.OBJECT}, tags=["system"])
    def get(self, request: Request) -> Response:
        """Answer with this document."""
        return Response(document(), headers={"Cache-Control": "public, max-age=3600"})


def parameters(query: type[Struct]) -> list[OpenApiParameter | type[Serializer[Any]]]:
    """Return the fields of a struct as query parameters."""
    # The stubs know serializers only; `StructExtension` makes one of a struct.
    return [cast(type[Serializer[Any]], query)]


def document() -> dict[str, Any]:
    """Return the OpenAPI document of the whole API."""
    return _generated() | ({"servers": [{"url": settings.BASE_URL}]} if settings.BASE_URL else {})


@cache
def _generated() -> dict[str, Any]:
    return cast(dict[str, Any], SchemaGenerator().get_schema(request=None, public=True))
