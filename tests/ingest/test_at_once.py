"""Two processes store at once, which only PostgreSQL lets them do."""

from __future__ import annotations

from threading import Barrier, Thread
from uuid import UUID

import pytest
from django.db import connection

from sessions.ingest import reword
from sessions.models import SearchBlock
from tests.factories import make_session


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_they_hand_out_every_row_of_the_full_text_once() -> None:
    strands = [make_session().strands.get().pk for _ in range(20)]
    start = Barrier(2)
    threads = [Thread(target=_index, args=(half, start)) for half in (strands[::2], strands[1::2])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = [row for block in SearchBlock.objects.all() for row in range(block.first, block.first + block.count)]
    assert len(rows) == len(set(rows)) >= 20 * 3


def _index(strands: list[UUID], start: Barrier) -> None:
    start.wait()
    for strand in strands:
        reword.write_words(strand)
    connection.close()
