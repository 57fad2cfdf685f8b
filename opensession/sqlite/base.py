"""Django's SQLite backend, but the file is made by us: private to its owner, and marked as ours."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base

from opensession.database import APPLICATION_ID


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        file = str(conn_params["database"])
        if not file.startswith((":memory:", "file:")):
            prepare(Path(file))
        return super().get_new_connection(conn_params)


def prepare(file: Path) -> None:
    """Make the file and its folder unless they are there. Neither may be read by other users of the machine."""
    if file.exists() and file.stat().st_size:
        return
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    # The mark is written before WAL is on, so that it stands in the file's header from the start. Setting it on every
    # connection would take the write lock each time.
    connection = sqlite3.connect(file, timeout=20)
    try:
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    finally:
        connection.close()
