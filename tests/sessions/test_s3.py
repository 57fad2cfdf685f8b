"""Bodies in a bucket, against a server that speaks S3 on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.request import urlopen

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client
from moto.server import ThreadedMotoServer
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from opensession import bucket
from opensession.hail import jsonl
from sessions import bodies, fsck, services
from sessions.models import Strand
from tests.factories import make_session, user

KEYS = {"access_key": "test", "secret_key": "test-secret"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def strand(db: None, endpoint: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Strand:
    """Return a strand of several frames whose body lies in a bucket, written whole as an upload is."""
    monkeypatch.setattr("sessions.ingest.frames.FRAME_BYTES", 4_000)
    session = make_session(*[user(f"message {number} " + "word " * 50) for number in range(200)])
    strand = session.strands.get()
    content = Path(storages["bodies"].path(strand.body)).read_bytes()
    use_bucket(endpoint, settings)
    Strand.objects.filter(pk=strand.pk).update(body=f"ab/{strand.body}")
    strand.refresh_from_db()
    assert storages["bodies"].save(strand.body, ContentFile(content)) == strand.body
    return strand


def use_bucket(endpoint: str, settings: Settings) -> None:
    described = bucket.configured("sessions", is_local=False, endpoint=endpoint, region="us-east-1", **KEYS)
    settings.STORAGES = settings.STORAGES | {"bodies": described}
    urlopen(f"{endpoint}/moto-api/reset", data=b"").close()
    s3().create_bucket(Bucket="sessions")


def s3() -> Any:
    return storages["bodies"].client  # type: ignore[attr-defined]


def objects() -> list[str]:
    return [each["Key"] for each in s3().list_objects_v2(Bucket="sessions").get("Contents", [])]


def test_it_gives_a_window(strand: Strand) -> None:
    assert [number for number, _ in bodies.window(strand, 77, 5)] == [77, 78, 79, 80, 81]


def test_it_fetches_only_the_frames_of_a_window(strand: Strand) -> None:
    assert strand.frames.count() > 10
    with mock.patch.object(s3(), "get_object", wraps=s3().get_object) as fetched:
        bodies.window(strand, 77, 1)
    (frame,) = strand.frames.filter(first__lte=77).order_by("-n")[:1]
    wanted = f"bytes={frame.offset}-{frame.offset + frame.length - 1}"
    assert [call.kwargs["Range"] for call in fetched.call_args_list] == [wanted]


def test_it_streams_a_session(strand: Strand, client: Client) -> None:
    strand.session.visibility = "public"
    strand.session.save()
    answer = client.get(f"/session/{strand.session_id}/raw")
    read = jsonl.loads(b"".join(answer))
    assert len(read.events) == 200


def test_it_removes_the_body_with_the_session(
    strand: Strand, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    assert objects() == [f"bodies/{strand.body}"]
    with django_capture_on_commit_callbacks(execute=True):
        services.remove(session=strand.session)
    assert objects() == []


def test_it_tells_of_a_body_that_is_gone_or_too_short(strand: Strand) -> None:
    storages["bodies"].save(strand.body, ContentFile(b"short"))
    with pytest.raises(bodies.BodyMissing, match="lacks frame"):
        bodies.window(strand, 77, 5)
    bodies.delete([strand.body])
    with pytest.raises(bodies.BodyMissing, match="lacks frame"):
        bodies.window(strand, 77, 5)


def test_fsck_removes_what_belongs_to_no_session(strand: Strand) -> None:
    storages["bodies"].save("cd/left-over.zst", ContentFile(b"x"))
    assert list(bodies.names(older_than=datetime(2020, 1, 1, tzinfo=UTC))) == []
    findings = [finding.what for finding in fsck.check().findings]
    assert findings == ["body cd/left-over.zst belonged to no session; removed"]
    assert objects() == [f"bodies/{strand.body}"]


def test_it_appends_to_files_only(strand: Strand) -> None:
    with pytest.raises(NotImplementedError, match="whole"):
        bodies.append([bodies.Piece(strand.body, 0, b"x")])


def test_it_tells_whether_the_bucket_can_be_used(strand: Strand) -> None:
    assert bodies.store().problem() == ""
    s3().delete_object(Bucket="sessions", Key=f"bodies/{strand.body}")
    s3().delete_bucket(Bucket="sessions")
    assert "bucket sessions cannot be used" in bodies.store().problem()


def test_it_makes_the_bucket_unless_it_is_there(strand: Strand) -> None:
    bodies.store().prepare()
    assert objects() == [f"bodies/{strand.body}"]
    bodies.delete([strand.body])
    s3().delete_bucket(Bucket="sessions")
    bodies.store().prepare()
    assert (bodies.store().problem(), objects()) == ("", [])
