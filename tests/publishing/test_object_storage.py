"""Bodies of uploads in S3, where there are no paths."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import boto3
import pytest
from django.core.files.storage import storages
from django.test import Client
from django.utils import timezone
from moto.server import ThreadedMotoServer
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from sessions import bodies, fsck
from sessions.models import Session
from sessions.publishing import leftovers
from tests.base import user
from tests.publishing.requests import ADDRESS, JSON, bearer, body, hail, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def bucket(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for secret in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(secret, "test")
    name = f"bodies-{uuid4().hex}"
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    options = {"endpoint_url": f"http://{host}:{port}", "region_name": "us-east-1"}
    boto3.client("s3", **options).create_bucket(Bucket=name)
    chosen = copy.deepcopy(settings.STORAGES)
    chosen["bodies"] = {
        "BACKEND": "sessions.s3.Bucket",
        "OPTIONS": options | {"bucket_name": name},
    }
    settings.STORAGES = chosen
    yield
    server.stop()


def test_it_works(bucket: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> None:
    client, headers = Client(), bearer(user("alice"))
    for given, status in ((hail(), 201), (hail(), 200), (hail(said(0), said(1), said(2)), 201)):
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(ADDRESS, body(given), content_type=JSON, headers=headers)
        assert answer.status_code == status
    session = Session.objects.get()
    assert [event.event_id for event in bodies.merged(session)] == ["e0", "e1", "e2"]
    assert keys() == [session.strands.get().body]
    assert session.upload.is_searchable
    assert fsck.check().findings == []


def test_it_finds_what_no_row_names(bucket: None) -> None:
    bodies.write("uploads/aa/left.zst", BytesIO(b"left over"))
    assert list(leftovers.remove(timezone.now() - timedelta(hours=1))) == []
    assert list(leftovers.remove(timezone.now() + timedelta(hours=1))) == ["uploads/aa/left.zst"]
    assert keys() == []


def keys() -> list[str]:
    storage = storages["bodies"]
    return [
        f"uploads/{folder}/{name}"
        for folder in storage.listdir("uploads")[0]
        for name in storage.listdir(f"uploads/{folder}")[1]
    ]
