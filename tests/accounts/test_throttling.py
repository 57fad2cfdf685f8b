from __future__ import annotations

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from accounts.throttling import address_of


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "198.51.100.9", "192.0.2.1"),
        (1, "198.51.100.9, 198.51.100.1", "198.51.100.1"),
        (2, "198.51.100.9, 198.51.100.1, 198.51.100.2", "198.51.100.1"),
        (1, "2001:DB8::0001", "2001:db8::1"),
        (1, "unknown", None),
        (1, "", None),
    ],
)
def test_it_believes_known_proxies_only(settings: Settings, proxies: int, forwarded: str, address: str | None) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": forwarded})
    assert address_of(request) == address


@pytest.mark.parametrize("address", ["", "unix:"])
def test_it_knows_no_address_behind_a_socket(address: str) -> None:
    assert address_of(RequestFactory().get("/", REMOTE_ADDR=address)) is None
