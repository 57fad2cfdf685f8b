"""Words of a session that are written again: what stood in the index before goes, or counts as dead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from opensession.hail.model import Event
from sessions import bodies, fulltext
from sessions.fulltext import Phrase, Words
from sessions.ingest import reword
from sessions.ingest.reword import drop_words, write_words
from sessions.ingest.writer import drop_strand
from sessions.models import SearchBlock, SearchCounter, Strand
from tests.factories import make_session, user

pytestmark = pytest.mark.django_db


@pytest.fixture
def strand() -> Strand:
    return make_session(user("zebra"), user("zebra"), origin="uploaded").strands.get()


def held() -> tuple[int, int]:
    """Return how many rows and how many parts hold the word."""
    words = Words((Phrase("zebra"),))
    with connection.cursor() as cursor:
        return len(fulltext.engine().rows(cursor, words, 10)), len(fulltext.engine().parts(cursor, words, 10))


@pytest.mark.postgresql
def test_it_takes_out_what_stood_there_before(strand: Strand) -> None:
    write_words(strand.pk)
    assert held() == (2, 1)
    drop_words(strand.pk)
    assert held() == (0, 0)
    assert SearchCounter.objects.get().dead_rows == 0


@pytest.mark.postgresql
def test_it_fails_as_every_query_does(strand: Strand) -> None:
    first = SearchBlock.objects.get(first_event=0).first
    with connection.cursor() as cursor, pytest.raises(IntegrityError), transaction.atomic():
        fulltext.engine().add(cursor, [(first, "of another session")])


@pytest.mark.postgresql
@pytest.mark.parametrize(("meanwhile", "left"), [(write_words, (2, 2)), (drop_strand, (0, 0))])
def test_it_stops_when_its_rows_are_not_its_own_any_more(
    strand: Strand, meanwhile: Callable[[UUID], None], left: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    events = bodies.events

    def interrupted(strand: Strand) -> Iterator[tuple[int, Event]]:
        monkeypatch.setattr(bodies, "events", events)
        first, *others = events(strand)
        yield first
        yield others[0]
        meanwhile(strand.pk)

    monkeypatch.setattr(reword, "_ROWS", 1)
    monkeypatch.setattr(bodies, "events", interrupted)
    write_words(strand.pk)
    assert held() == left


@pytest.mark.sqlite
def test_it_counts_what_stood_there_before(strand: Strand) -> None:
    write_words(strand.pk)
    assert held() == (4, 2)
    # With the row of the title, which stands there even where there is no title.
    assert SearchCounter.objects.get().dead_rows == 3
    drop_words(strand.pk)
    assert not SearchBlock.objects.exists()
    assert SearchCounter.objects.get().dead_rows == 6
