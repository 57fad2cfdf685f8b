"""Words that a worker indexes after an upload was answered."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.base import REPOSITORY
from tests.publishing.requests import body
from tests.publishing.served import serving

FOUND = """
from sessions.fulltext import Phrase, Words, engine
from sessions.models import Upload
from django.db import connection
words = Words((Phrase("message"),))
with connection.cursor() as cursor:
    hits = engine().hits(cursor, engine().rows(cursor, words, 10))
found = [Upload.objects.get().is_searchable, sorted(hit.number for hit in hits)]
"""


def test_it_leaves_the_words_to_a_worker(tmp_path: Path) -> None:
    with serving(tmp_path / "served", OPENSESSION_TASKS="database") as server:
        assert server.send(body())[0] == 201
        assert server.asked(FOUND) == [False, []]
        command = [sys.executable, "manage.py", "db_worker", "--batch"]
        subprocess.run(command, cwd=REPOSITORY, env=server.environment, check=True, capture_output=True)
        assert server.asked(FOUND) == [True, [0, 1]]
