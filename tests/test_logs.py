"""What the logs of a server say, and what they must never say."""

from __future__ import annotations

import json
import logging
import sys
from uuid import uuid4

import pytest
from django.test import Client
from gunicorn.config import Config
from pytest_django import Settings

from opensession.gunicorn_logs import TextLogger
from opensession.logs import Json, Text, request_id
from tests.base import user
from tests.factories import make_session


def written(record: logging.LogRecord) -> dict[str, object]:
    line = Json().format(record)
    assert "\n" not in line
    answer: dict[str, object] = json.loads(line)
    return answer


def record(message: str = "read %s", *values: object, **more: object) -> logging.LogRecord:
    made = logging.LogRecord("sessions.x", logging.WARNING, __file__, 1, message, values or ("a\nb",), None)
    made.__dict__.update(more)
    return made


def test_it_writes_an_object_a_line() -> None:
    entry = written(record(status=200, other="kept out"))
    assert entry.pop("time")
    assert entry == {"level": "WARNING", "logger": "sessions.x", "message": "read a\nb", "status": 200}


def test_it_names_the_request() -> None:
    token = request_id.set("abc")
    assert written(record())["request_id"] == "abc"
    request_id.reset(token)


def test_it_quotes_no_exception_to_people_either() -> None:
    try:
        raise ValueError("what somebody said")
    except ValueError:
        line = Text().format(record(exc_info=sys.exc_info()))
    assert "ValueError" in line
    assert "test_logs.py" in line
    assert "somebody" not in line


@pytest.mark.parametrize(
    ("message", "values", "said"),
    [
        ("Error handling request %s %s", ("GET", "/s/secret"), "a request failed outside of its view"),
        ("Invalid request from ip=192.0.2.7: secret", (), "refused what is no request of HTTP"),
        ("Worker exiting (pid: %s)", (7,), "Worker exiting (pid: 7)"),
    ],
)
def test_the_server_quotes_no_request(message: str, values: tuple[object, ...], said: str) -> None:
    log = TextLogger(Config())
    handler = log.error_log.handlers[-1]
    log.error_log.handlers.clear()
    made = logging.LogRecord("gunicorn.error", logging.ERROR, __file__, 1, message, values, None)
    assert handler.filter(made)
    assert handler.format(made).endswith(f"gunicorn.error: {said}")


def test_it_writes_a_line_for_people() -> None:
    line = Text().format(record("answered %s", "well", method="GET", route="api/sessions", status=200, milliseconds=7))
    assert line.endswith(" WARNING sessions.x: answered well method=GET route=api/sessions status=200 milliseconds=7")


def test_it_says_where_something_failed_and_quotes_nothing() -> None:
    try:
        raise ValueError("what somebody said")
    except ValueError:
        failed = record(exc_info=sys.exc_info())
    entry = written(failed)
    assert entry["exception"] == "ValueError"
    assert "test_it_says_where" in str(entry["where"])
    assert "somebody" not in json.dumps(entry)


@pytest.mark.django_db
def test_it_never_logs_the_secret_of_a_link(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING")
    assert client.get("/s/a-secret-of-somebody").status_code == 404
    assert client.get("/nowhere/a-secret-of-somebody").status_code == 404
    said = [each.getMessage() for each in caplog.records]
    assert said == ["Not Found: s/<slug:token>", "Not Found: an unknown address"]


@pytest.mark.django_db
def test_it_leaves_out_the_page_before(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING")
    browser = Client(enforce_csrf_checks=True)
    browser.cookies["opensession_csrf"] = "x" * 32
    answer = browser.post("/login", secure=True, headers={"Referer": "https://example.org/s/a-secret?q=what"})
    assert answer.status_code == 403
    said = " ".join(each.getMessage() for each in caplog.records)
    assert "https://example.org" in said
    assert "a-secret" not in said


@pytest.mark.django_db
def test_a_refusal_is_no_failure(client: Client, caplog: pytest.LogCaptureFixture, logins: Settings) -> None:
    logins.OPENSESSION_PROFILE = "server"
    client.force_login(user("bob"))
    session = make_session(visibility="public", owner=user("alice"))
    answer = client.get(f"/session/{session.pk}/share", headers={"X-Request-ID": "from-a-proxy"})
    assert answer.status_code == 403
    (told,) = [each for each in caplog.records if each.name == "django.request"]
    assert told.exc_info is None
    assert written(told)["request_id"] == "from-a-proxy"


@pytest.mark.django_db
def test_it_logs_requests_by_their_route(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "opensession.requests")
    session = make_session(visibility="public")
    answer = client.get(f"/session/{session.pk}?search=secret", headers={"X-Request-ID": "from-a-proxy"})
    assert answer["X-Request-ID"] == "from-a-proxy"
    (told,) = [each for each in caplog.records if each.name == "opensession.requests"]
    entry = written(told)
    assert (entry["method"], entry["route"], entry["status"]) == ("GET", "session/<uuid:pk>", 200)
    assert entry["session"] == str(session.pk)
    assert "secret" not in json.dumps(entry)


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["", "short", "with space and more", "x" * 65, 'quote"quote'])
def test_it_makes_an_id_unless_a_good_one_is_given(client: Client, given: str) -> None:
    answer = client.get("/robots.txt", headers={"X-Request-ID": given})
    assert len(answer["X-Request-ID"]) == len(uuid4().hex)
