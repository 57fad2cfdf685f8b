from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from opensession import bucket, database, env, secret_key
from opensession.sqlite.base import prepare
from tests.base import REPOSITORY


def check(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py check` with the product's own settings."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "opensession.settings"} | variables
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE")  # Set for browser tests, and rightly refused by `--deploy`.
    command = [sys.executable, "manage.py", "check", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)


class TestEnv:
    @pytest.mark.parametrize(
        ("value", "flag"), [("true", True), ("1", True), ("Off", False), ("no", False), (" ", True)]
    )
    def test_it_reads_booleans(self, monkeypatch: pytest.MonkeyPatch, value: str, flag: bool) -> None:
        monkeypatch.setenv("FLAG", value)
        assert env.boolean("FLAG", True) is flag

    def test_it_refuses_nonsense_by_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("VALUE", "perhaps")
        with pytest.raises(ImproperlyConfigured, match=r"VALUE must be one of: true, 1, yes, on, false"):
            env.boolean("VALUE", True)
        with pytest.raises(ImproperlyConfigured, match="VALUE must be a whole number from 1 to 9"):
            env.integer("VALUE", 5, 1, 9)
        with pytest.raises(ImproperlyConfigured, match="VALUE must be one of: local, server"):
            env.choice("VALUE", "local", ("local", "server"))
        with pytest.raises(ImproperlyConfigured, match="VALUE must be one of: http"):
            env.web_address("VALUE")

    def test_it_refuses_a_number_out_of_range(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PORT", "70000")
        with pytest.raises(ImproperlyConfigured, match="PORT"):
            env.integer("PORT", 3000, 1, 65535)

    def test_it_reads_lists(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOSTS", "a.example.org, ,b.example.org")
        assert env.items("HOSTS") == ["a.example.org", "b.example.org"]
        assert env.items("NO_HOSTS", ["localhost"]) == ["localhost"]

    @pytest.mark.parametrize(
        "value",
        [
            "http://",
            "http://foo:abc",
            "https://foo:99999",
            "ftp://foo",
            "//foo",
            "HTTP://foo",
            "http://a b",
            "http://a?b",
        ],
    )
    def test_it_refuses_what_is_no_address(self, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
        monkeypatch.setenv("ADDRESS", value)
        with pytest.raises(ImproperlyConfigured, match="ADDRESS must be one of: http://…, https://…"):
            env.web_address("ADDRESS")

    @pytest.mark.parametrize("value", ["http://b.example.org/", "b.example.org:8000", "[::1]:80"])
    def test_it_refuses_an_address_as_the_name_of_a_host(self, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
        monkeypatch.setenv("HOSTS", "a.example.org, [::1]")
        assert env.hosts("HOSTS") == ["a.example.org", "[::1]"]
        monkeypatch.setenv("HOSTS", f"a.example.org, {value}")
        with pytest.raises(ImproperlyConfigured, match="HOSTS must be names of hosts, without http://, port and path"):
            env.hosts("HOSTS")

    def test_it_needs_what_goes_together(self) -> None:
        env.need_all(CLIENT_ID="", CLIENT_SECRET="")
        env.need_all(CLIENT_ID="x", CLIENT_SECRET="y")
        with pytest.raises(ImproperlyConfigured, match="CLIENT_ID, CLIENT_SECRET go together; not set: CLIENT_ID"):
            env.need_all(CLIENT_ID="", CLIENT_SECRET="y")

    def test_it_reads_a_secret_from_a_file(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        file = tmp_path / "key"
        file.write_text("hush\n")
        monkeypatch.setenv("KEY_FILE", str(file))
        assert env.secret("KEY") == "hush"
        monkeypatch.setenv("KEY", "other")
        with pytest.raises(ImproperlyConfigured, match="KEY and KEY_FILE are both set"):
            env.secret("KEY")

    @pytest.mark.parametrize(
        ("value", "read"),
        [(' "https://a.example/" ', "https://a.example"), ("' https://a.example '", "https://a.example"), ("'  '", "")],
    )
    def test_it_takes_the_quotes_off_a_value(self, monkeypatch: pytest.MonkeyPatch, value: str, read: str) -> None:
        monkeypatch.setenv("ADDRESS", value)
        assert env.web_address("ADDRESS") == read
        assert env.unwrapped_secret("ADDRESS").rstrip("/") == read

    def test_it_names_a_secret_file_that_is_not_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KEY_FILE", "/nowhere/key")
        with pytest.raises(
            ImproperlyConfigured, match="KEY_FILE names /nowhere/key, which cannot be read: No such file"
        ):
            env.secret("KEY")

    def test_it_ignores_a_relative_xdg_folder(self, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
        monkeypatch.setenv("XDG_DATA_HOME", "here")
        assert env.user_data() == home / ".local" / "share"
        monkeypatch.setenv("XDG_DATA_HOME", "/srv/share")
        assert env.user_data() == Path("/srv/share")

    def test_it_knows_its_commands(self) -> None:
        assert env.runs_one_of(["handoff"], ["/code/manage.py", "handoff", "--last"])
        assert not env.runs_one_of(["handoff"], ["/code/manage.py", "serve"])
        assert not env.runs_one_of(["handoff"], ["pytest", "handoff"])


class TestDatabase:
    def test_it_makes_a_private_file_that_is_marked(self, data_dir: Path) -> None:
        file = database.file_in(data_dir)
        prepare(file)
        assert file == data_dir / "local.db"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
        assert file.read_bytes()[68:72] == b"OSS1"
        assert database.is_ours(file)

    def test_it_leaves_a_foreign_file_alone(self, tmp_path: Path) -> None:
        foreign = tmp_path / "local.db"
        with sqlite3.connect(foreign) as connection:
            connection.execute("CREATE TABLE sessions (id TEXT)")
        connection.close()
        assert database.file_in(tmp_path) == tmp_path / "index.db"

    @pytest.mark.django_db
    def test_it_connects_with_wal(self, tmp_path: Path) -> None:
        wrapper = connect(tmp_path / "local.db")
        with wrapper.cursor() as cursor:
            assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            assert cursor.execute("PRAGMA synchronous").fetchone() == (1,)
        wrapper.close()

    @pytest.mark.django_db
    def test_it_stays_connected_after_a_request(self, tmp_path: Path) -> None:
        wrapper = connect(tmp_path / "local.db")
        wrapper.ensure_connection()
        wrapper.close_if_unusable_or_obsolete()
        assert wrapper.connection is not None
        wrapper.close()

    @pytest.mark.django_db
    def test_it_takes_no_lock_to_connect(self, tmp_path: Path) -> None:
        writer = connect(tmp_path / "local.db")
        with writer.cursor() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            reader = connect(tmp_path / "local.db", timeout=0)
            reader.ensure_connection()
            reader.close()
        writer.close()

    def test_it_reads_an_address_of_postgresql(self) -> None:
        found = database.postgresql("postgres://me:p%40ss@db.example.org:5433/os?sslmode=require", 9)
        wanted = ("os", "me", "p@ss", "db.example.org", 5433)
        assert tuple(found[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")) == wanted
        assert found["OPTIONS"] == {"sslmode": "require", "pool": {"min_size": 0, "max_size": 9, "timeout": 5}}
        assert found["CONN_MAX_AGE"] == 0

    def test_it_says_what_postgresql_needs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "psycopg_pool", None)
        with pytest.raises(ImproperlyConfigured, match=r"pip install -r requirements-server\.txt"):
            database.configured("postgres://db.example.org/os", Path("/x"), 9)

    @pytest.mark.parametrize("url", ["mysql://db/os", "postgres://db.example.org", "os"])
    def test_it_refuses_other_addresses(self, url: str) -> None:
        with pytest.raises(ImproperlyConfigured, match="DATABASE_URL must look like postgres://"):
            database.configured(url, Path("/x"), 9)


class TestBucket:
    def configured(self, **changed: Any) -> dict[str, Any]:
        given: dict[str, Any] = {
            "is_local": False,
            "endpoint": "",
            "region": "eu-1",
            "access_key": "",
            "secret_key": "",
        }
        return bucket.configured("sessions", **(given | changed))

    def test_it_keeps_bodies_there(self) -> None:
        found = self.configured(endpoint="https://s3.example.org", access_key="a", secret_key="b")
        assert found["BACKEND"] == "sessions.s3.Bucket"
        assert found["OPTIONS"]["endpoint_url"] == "https://s3.example.org"
        assert self.configured()["OPTIONS"]["access_key"] is None

    def test_it_refuses_what_cannot_work(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(ImproperlyConfigured, match="set OPENSESSION_PROFILE=server"):
            self.configured(is_local=True)
        with pytest.raises(ImproperlyConfigured, match="go together"):
            self.configured(access_key="a")
        monkeypatch.setitem(sys.modules, "storages", None)
        with pytest.raises(ImproperlyConfigured, match="pip install"):
            self.configured()

    def test_it_loads_nothing_of_it_before_it_is_used(self) -> None:
        code = "import sys, django; django.setup(); import opensession.urls; print('boto3' in sys.modules)"
        loaded = {"OPENSESSION_PROFILE": "server", "OPENSESSION_S3_BUCKET": "sessions"}
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "opensession.settings"} | loaded
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout == "False\n"


class TestSecretKey:
    def test_it_makes_one_private_key_and_keeps_it(self, data_dir: Path) -> None:
        key = secret_key.kept_in(data_dir / "secret_key")
        assert len(key) >= 64
        assert secret_key.kept_in(data_dir / "secret_key") == key
        assert stat.S_IMODE((data_dir / "secret_key").stat().st_mode) == 0o600
        assert [file.name for file in data_dir.iterdir()] == ["secret_key"]


class TestProfiles:
    def test_it_is_fit_for_the_net_as_a_server(self) -> None:
        done = check("--deploy", "--fail-level", "WARNING", OPENSESSION_PROFILE="server")
        assert done.returncode == 0, done.stderr

    def test_it_is_fit_for_the_net_with_accounts(self) -> None:
        accounts = {"JWT_SECRET": "x" * 40, "GITHUB_CLIENT_ID": "id", "GITHUB_CLIENT_SECRET": "hush"}
        done = check("--deploy", "--fail-level", "WARNING", OPENSESSION_PROFILE="server", **accounts)
        assert done.returncode == 0, done.stderr

    def test_it_refuses_a_key_that_can_be_guessed(self) -> None:
        done = check(JWT_SECRET="abc")
        assert done.returncode
        assert done.stderr == "Error: JWT_SECRET must have at least 32 bytes; make one with: openssl rand -hex 32\n"

    @pytest.mark.parametrize(("profile", "code"), [("server", 1), ("local", 0)])
    def test_it_refuses_half_of_an_oauth_app_on_a_server(self, profile: str, code: int) -> None:
        assert check(OPENSESSION_PROFILE=profile, GITHUB_CLIENT_ID="another program's").returncode == code

    def test_it_names_a_profile_that_does_not_exist(self) -> None:
        done = check(OPENSESSION_PROFILE="desktop")
        assert done.returncode
        assert "OPENSESSION_PROFILE must be one of: local, server, worker" in done.stderr

    def test_it_writes_nothing_to_be_checked(self, data_dir: Path) -> None:
        assert check().returncode == 0
        assert not data_dir.exists()


def connect(file: Path, timeout: float = 20) -> BaseDatabaseWrapper:
    described = database.sqlite(file)
    described["OPTIONS"]["timeout"] = timeout
    return ConnectionHandler({"default": described})["default"]
