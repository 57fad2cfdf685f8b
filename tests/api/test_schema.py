from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import path
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from pytest_django import Settings
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from sessions.api.schema import document

pytestmark = pytest.mark.django_db


@api_view(["POST"])
def says_nothing_of_itself(request: Request) -> Response:
    return Response()


def statuses(operation: dict[str, Any]) -> set[int]:
    return {int(code) for code in operation["responses"]}


def test_it_is_valid_and_knows_everything() -> None:
    GENERATOR_STATS.reset()
    validate_schema(SchemaGenerator().get_schema(public=True))
    assert not GENERATOR_STATS


def test_it_is_served(client: Client, settings: Settings) -> None:
    settings.BASE_URL = "https://sessions.example.org"
    answer = client.get("/api/schema")
    assert answer["Content-Type"] == "application/json"
    found = answer.json()
    assert found["openapi"].startswith("3.1")
    assert found["servers"] == [{"url": "https://sessions.example.org"}]


def test_it_says_how_operations_fail() -> None:
    paths = document()["paths"]
    listed, one = paths["/api/sessions"]["get"], paths["/api/sessions/{id}"]
    assert statuses(listed) == {200, 304, 400, 401, 405, 406, 429, 500}
    assert statuses(one["get"]) >= {200, 404}
    assert statuses(one["delete"]) >= {200, 401, 403, 404}
    assert statuses(paths["/api/sessions/{id}/raw"]["get"]) >= {200, 302, 404}
    failure = listed["responses"]["400"]["content"]["application/json"]["schema"]
    assert failure == {"$ref": "#/components/schemas/Error"}


def test_it_knows_the_preview() -> None:
    preview = document()["paths"]["/api/ingest/preview"]["post"]
    assert statuses(preview) >= {200, 400, 404, 413, 415, 422, 429, 503}
    sources = document()["components"]["schemas"]["PreviewRequest"]["properties"]["source"]["anyOf"]
    assert len(sources) == 3


def test_it_says_who_may_ask() -> None:
    one = document()["paths"]["/api/sessions/{id}"]
    assert one["get"]["security"] == [{"bearer": []}, {}]
    assert one["delete"]["security"] == [{"bearer": []}]


def test_it_describes_what_clients_know() -> None:
    summary = document()["components"]["schemas"]["SessionSummary"]
    assert {"id", "title", "has_errors", "score_plugin"} <= set(summary["required"])
    assert {"files_read", "pr_number", "git_branch"}.isdisjoint(summary["required"])
    assert summary["properties"]["files_modified"] == {"type": "string"}


def test_it_names_the_shape_of_every_body_and_answer() -> None:
    schemas = [
        content["application/json"]["schema"]
        for address, operations in document()["paths"].items()
        for operation in operations.values()
        for part in (operation.get("requestBody", {}), *operation["responses"].values())
        if "application/json" in (content := part.get("content", {})) and address != "/api/schema"
    ]
    assert schemas
    assert [schema for schema in schemas if set(schema) != {"$ref"}] == []


def test_it_tells_what_was_made_from_what_was_done() -> None:
    paths = document()["paths"]
    assert 201 in statuses(paths["/api/auth/register"]["post"])
    assert 401 in statuses(paths["/api/auth/login"]["post"])
    assert {302, 401, 409} <= statuses(paths["/api/auth/oauth/{provider}/callback"]["get"])
    assert {200, 204} & statuses(paths["/api/auth/api-keys/{id}"]["delete"]) == {200}


def test_it_describes_also_what_says_nothing_of_itself() -> None:
    GENERATOR_STATS.reset()
    found = SchemaGenerator(patterns=[path("api/things/<int:id>", says_nothing_of_itself)]).get_schema(public=True)
    (operation,) = found["paths"]["/api/things/{id}"].values()
    assert statuses(operation) >= {200, 400, 401, 403, 404, 413, 415, 500}
    assert not GENERATOR_STATS
