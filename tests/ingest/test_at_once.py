"""Two processes store at once, which only PostgreSQL lets them do."""

from __future__ import annotations

from threading import Barrier, Event, Thread
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from sessions.fulltext import Phrase, Words
from sessions.fulltext.postgres import PostgresEngine
from sessions.ingest import reword
from sessions.ingest.writer import drop_strand
from sessions.models import SearchBlock, Strand
from tests.factories import make_session, user


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


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_strand_that_is_removed_while_it_is_indexed_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    strand = make_session(user("zebra")).strands.get().pk
    is_adding, may_go_on = Event(), Event()
    add = PostgresEngine.add

    def wait(engine: PostgresEngine, *rows: Any) -> None:
        is_adding.set()
        may_go_on.wait(10)
        add(engine, *rows)

    monkeypatch.setattr(PostgresEngine, "add", wait)
    indexing = Thread(target=_index, args=([strand], Barrier(1)))
    removing = Thread(target=_remove, args=(strand,))
    indexing.start()
    assert is_adding.wait(10)
    removing.start()
    removing.join(0.5)
    assert removing.is_alive()
    may_go_on.set()
    indexing.join()
    removing.join()
    assert not Strand.objects.exists()
    assert not SearchBlock.objects.exists()
    with connection.cursor() as cursor:
        assert PostgresEngine().rows(cursor, Words((Phrase("zebra"),)), 10) == []


def _remove(strand: UUID) -> None:
    with transaction.atomic():
        drop_strand(strand)
    connection.close()
