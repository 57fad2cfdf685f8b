from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from sessions.readiness import Readiness


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions.api.system.readiness", Readiness())


@pytest.mark.django_db
def test_it_works(client: Client, data_dir: Path) -> None:
    answer = client.get("/api/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert not data_dir.exists()


@pytest.mark.django_db
def test_it_waits_for_migrations(client: Client) -> None:
    (last,) = MigrationLoader(connection).graph.leaf_nodes("ai_sessions")
    MigrationRecorder(connection).record_unapplied(*last)
    answer = client.get("/api/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "manage.py prepare" in answer.json()["message"]


@pytest.mark.django_db
def test_it_tells_that_bodies_cannot_be_kept(client: Client, data_dir: Path) -> None:
    data_dir.write_text("a file where the folder belongs")
    answer = client.get("/api/ready")
    assert (answer.status_code, answer.json()["message"]) == (503, "The storage of sessions cannot be reached.")


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_it_tells_that_the_database_is_gone(client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path))
    answer = client.get("/api/ready")
    assert (answer.status_code, answer.json()["message"]) == (503, "The database cannot be reached.")
    assert client.get("/api/health").status_code == 200
