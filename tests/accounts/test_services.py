from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts import services
from accounts.models import RefreshToken, User
from accounts.services import MOST_FORGOTTEN
from tests.base import user

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 4


def test_it_trades_a_token_once_however_many_ask_at_once(logins: Settings) -> None:
    token = services.issue_tokens(user=user("alice")).refresh
    barrier = Barrier(AT_ONCE)

    def rotate(number: int) -> bool:
        barrier.wait()
        try:
            return services.rotate(refresh=token) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        assert sum(threads.map(rotate, range(AT_ONCE))) == 1
    assert not RefreshToken.objects.filter(revoked_at=None).exists()


def test_it_forgets_expired_tokens_however_many_log_in_at_once(logins: Settings) -> None:
    alice, barrier = user("alice"), Barrier(AT_ONCE)
    long_ago = timezone.now() - timedelta(days=1)
    RefreshToken.objects.bulk_create(
        RefreshToken(user=alice, family=alice.pk, token_sha256=str(number), expires_at=long_ago)
        for number in range(2 * MOST_FORGOTTEN)
    )

    def log_in(number: int) -> None:
        barrier.wait()
        try:
            services.issue_tokens(user=alice)
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(log_in, range(AT_ONCE)))
    assert not RefreshToken.objects.filter(expires_at=long_ago).exists()
    assert RefreshToken.objects.count() == AT_ONCE


def test_it_makes_one_first_moderator(logins: Settings) -> None:
    barrier = Barrier(AT_ONCE)

    def register(number: int) -> None:
        barrier.wait()
        try:
            services.register(email=f"{number}@example.org", password="correct horse", nickname=f"user {number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(register, range(AT_ONCE)))
    assert User.objects.count() == AT_ONCE
    assert User.objects.filter(is_staff=True).count() == 1
