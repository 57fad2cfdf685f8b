"""Words of a session that are written again: what stood in the index before goes, or counts as dead."""

from __future__ import annotations

import pytest
from django.db import connection

from sessions import fulltext
from sessions.fulltext import Phrase, Words
from sessions.ingest.reword import drop_words, write_words
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


@pytest.mark.sqlite
def test_it_counts_what_stood_there_before(strand: Strand) -> None:
    write_words(strand.pk)
    assert held() == (4, 2)
    # With the row of the title, which stands there even where there is no title.
    assert SearchCounter.objects.get().dead_rows == 3
    drop_words(strand.pk)
    assert not SearchBlock.objects.exists()
    assert SearchCounter.objects.get().dead_rows == 6
