"""Which database to use. Decided without a connection, as settings are loaded before every command."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

APPLICATION_ID = 0x4F535331
"""Marks a SQLite file as ours; `OSS1` in ASCII."""

_ID_OFFSET = 68
_SQLITE_OPTIONS = {
    # Two writers that both read first would otherwise fail at once instead of waiting.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        # Each thread of a server keeps a cache of its own.
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16384;"
        " PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=67108864"
    ),
}


def configured(url: str, data_dir: Path, connections: int) -> dict[str, Any]:
    """Return Django's description of the database that `url` names, or of the SQLite file in `data_dir`.

    `connections` are the most that a process holds to PostgreSQL.
    """
    if not url:
        return sqlite(file_in(data_dir))
    described = postgresql(url, connections)
    if find_spec("psycopg_pool") is None:
        raise ImproperlyConfigured("DATABASE_URL names PostgreSQL; first type: pip install -r requirements-server.txt")
    return described


def sqlite(file: Path) -> dict[str, Any]:
    return {
        "ENGINE": "opensession.sqlite",
        "NAME": str(file),
        "OPTIONS": dict(_SQLITE_OPTIONS),
        # To connect takes a third of the time of a small request; yet a file that was put in place of this one is
        # noticed before long.
        "CONN_MAX_AGE": 60,
    }


def file_in(data_dir: Path) -> Path:
    """Return `local.db`, or `index.db` beside it when `local.db` belongs to another program."""
    file = data_dir / "local.db"
    return file if is_ours(file) else data_dir / "index.db"


def is_ours(file: Path) -> bool:
    """Tell whether we may use the file: it is absent, empty, or carries our mark."""
    try:
        with file.open("rb") as database:
            head = database.read(_ID_OFFSET + 4)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return not head or head[_ID_OFFSET:] == APPLICATION_ID.to_bytes(4, "big")


def postgresql(url: str, connections: int) -> dict[str, Any]:
    """Return Django's description of the database at `postgres://user:password@host:port/name?option=value`."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        # The address may hold a password, so it is not repeated.
        raise ImproperlyConfigured("DATABASE_URL must look like postgres://user:password@host:5432/name")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": parts.port or "",
        # Of the many threads of a server few are in the database at once. A command takes one connection.
        "OPTIONS": {**dict(parse_qsl(parts.query)), "pool": {"min_size": 0, "max_size": connections, "timeout": 5}},
        # The pool keeps them open; a thread that kept its own would take it out of the pool.
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
    }
