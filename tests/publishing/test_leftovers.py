"""What a server that was killed leaves behind, and `fsck` mends."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.test import Client

from sessions import bodies, fsck
from sessions.models import Session, Upload
from tests.base import user
from tests.publishing.requests import ADDRESS, JSON, bearer, body

pytestmark = pytest.mark.django_db
HOURS_AGO = 1_700_000_000


@pytest.fixture
def stored() -> Session:
    """Return an uploaded session whose words are not indexed yet: a test commits nothing."""
    client = Client()
    assert client.post(ADDRESS, body(), content_type=JSON, headers=bearer(user("alice"))).status_code == 201
    return Session.objects.get()


def file(key: str) -> Path:
    return Path(storages["bodies"].path(key))


def test_it_finds_nothing_wrong_with_an_upload(stored: Session) -> None:
    os.utime(file(stored.strands.get().body), (HOURS_AGO, HOURS_AGO))
    assert fsck.check().findings == []
    assert len(list(bodies.merged(stored))) == 2


def test_it_removes_what_no_row_names_once_it_is_old(stored: Session) -> None:
    bodies.write("uploads/aa/left.zst", BytesIO(b"left over"))
    assert fsck.check().findings == []
    os.utime(file("uploads/aa/left.zst"), (HOURS_AGO, HOURS_AGO))
    assert ["uploads/aa/left.zst" in finding.what for finding in fsck.check().findings] == [True]
    assert not file("uploads/aa/left.zst").exists()
    assert file(stored.strands.get().body).exists()


def test_it_indexes_the_words_that_a_killed_server_did_not(stored: Session) -> None:
    Upload.objects.update(uploaded_at="2026-01-01T00:00:00Z")
    assert "were not indexed" in fsck.check().findings[0].what
    assert Upload.objects.get().is_searchable
    assert stored.strands.get().search_blocks.count() == 2


def test_it_lets_a_damaged_upload_be_sent_again(stored: Session) -> None:
    file(stored.strands.get().body).unlink()
    assert fsck.check().findings[0].lost
    assert not Session.objects.exists()


def test_it_writes_a_body_once() -> None:
    bodies.write("uploads/aa/one.zst", BytesIO(b"one"))
    with pytest.raises(FileExistsError):
        bodies.write("uploads/aa/one.zst", BytesIO(b"two"))
    assert file("uploads/aa/one.zst").read_bytes() == b"one"
