"""Whatever is sent to the API, it answers as its OpenAPI document says, and never breaks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from pytest_django import Settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from tests.api.uploads import key_of, uploaded
from tests.base import user as person
from tests.factories import user

pytestmark = pytest.mark.django_db

EXAMPLES = 15
"""Per operation; more are for whoever looks for trouble."""
CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]

_application = get_wsgi_application()


def from_this_machine(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    return _application({**environ, "REMOTE_ADDR": "127.0.0.1"}, start)


schema = schemathesis.openapi.from_wsgi("/api/schema", from_this_machine)


@pytest.fixture
def kept_connection() -> Iterator[None]:
    """Keep the connection of the test, as Django's own client does: a server closes it after every request."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def known(logins: Settings, kept_connection: None) -> dict[str, str]:
    """Return what a request needs to come from alice, and the id of her session."""
    logins.OPENSESSION_PROFILE = "server"
    alice = person("alice")
    session = uploaded(user("zebra"), owner=alice)
    return {"key": key_of(alice), "session": str(session.pk)}


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@pytest.mark.parametrize("is_known", [False, True])
def test_it_answers(case: Any, known: dict[str, str], is_known: bool) -> None:
    if is_known and "id" in case.path_parameters:
        case.path_parameters["id"] = known["session"]
    case.call_and_validate(headers={"Authorization": known["key"]} if is_known else {}, checks=CHECKS)
