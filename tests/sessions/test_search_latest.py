from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.viewer import Viewer
from sessions.fulltext import Phrase, Words, engine
from sessions.models import SearchBlock, Session, Strand
from sessions.search.choose import Part, Wanted, choose
from sessions.search.limits import Limits
from tests.api.uploads import uploaded
from tests.factories import user

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 2, 21, 4, 38, 11, tzinfo=UTC)
SESSIONS = 20
STEPS = Limits(steps=((3, 3), (6, 6), (12, 12), (48, 48)), enough=1)
CUT = Limits(steps=((5, 3), (12, 8), (48, 48)), enough=1)
"""At most times more rows are found than are traced."""


@pytest.fixture(autouse=True)
def server(settings: Settings) -> None:
    settings.OPENSESSION_PROFILE = "server"


@pytest.fixture(autouse=True)
def sessions(server: None) -> None:
    """Sessions that were uploaded in another order than that in which they began."""
    began = Random(1).sample(range(SESSIONS), SESSIONS)
    for number in range(SESSIONS):
        tool = "claude-code" if number else "codex"
        at = NOW + timedelta(days=began[number])
        session = uploaded(user("a zebra"), user("two zebras"), owner=None, title=str(number), tool=tool, created_at=at)
        Session.objects.filter(pk=session.pk).update(message_count=SESSIONS - number)


def part(
    text: str = "zebra", *, limits: Limits = STEPS, sort: str = "recent", condition: Q | None = None, **wanted: object
) -> Part:
    asked = Wanted(condition or Q(), sort, text, **{"size": 2, **wanted})  # type: ignore[arg-type]
    return choose(Viewer(), asked, now=NOW, limits=limits)


def ordered(found: Part) -> list[Session]:
    return sorted(found.sessions, key=lambda session: -found.rows[session.pk]) if found.rows else list(found.sessions)


def titles(found: Part) -> list[str]:
    return [session.title for session in ordered(found)]


def pages(text: str, limits: Limits) -> Iterator[list[UUID]]:
    """Yield the sessions of every page, following its place."""
    place: tuple[int, ...] = ()
    while True:
        found = part(text, place=place, limits=limits)
        shown = [session.pk for session in ordered(found)]
        yield shown[:2]
        if len(shown) <= 2:
            return
        place = (found.rows[shown[1]],)


def traced(found: CaptureQueriesContext) -> int:
    """Return how often rows of the full-text index were traced to their sessions."""
    return sum("ai_sessions_searchblock" in query["sql"] for query in found)


def test_it_finds_what_came_last_and_one_more() -> None:
    assert titles(part()) == ["19", "18", "17"]


def test_it_traces_no_more_than_it_shows() -> None:
    with CaptureQueriesContext(connection) as queries:
        found = part()
    assert traced(queries) == 1
    assert found[1:3] == (SESSIONS, True)


def test_it_traces_a_session_once_however_many_of_its_rows_are_found() -> None:
    short = uploaded(user("a quagga"), owner=None)
    long = uploaded(*[user("a quagga") for _ in range(9)], owner=None)
    with connection.cursor() as cursor:
        rows = engine().rows(cursor, Words((Phrase("quagga"),)), 100)
        traced = engine().strands(cursor, rows, 2)
    assert len(rows) == 10
    assert traced == [(rows[0], long.pk, False), (rows[9], short.pk, False)]


def test_it_traces_a_strand_between_whose_rows_others_lie() -> None:
    before, other = uploaded(user("a quagga"), owner=None), uploaded(user("a quagga"), owner=None)
    strand, last = Strand.objects.get(session=before), SearchBlock.objects.latest("first")
    row = last.first + last.count
    SearchBlock.objects.create(first=row, count=1, strand=strand, first_event=1)
    with connection.cursor() as cursor:
        engine().add(cursor, [(row, "a quagga")])
        traced = engine().strands(cursor, engine().rows(cursor, Words((Phrase("quagga"),)), 100), 9)
    assert [each.session for each in traced][:2] == [before.pk, other.pk]


def test_it_goes_on_until_the_page_is_full() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert titles(part(offset=6)) == ["13", "12", "11"]
    assert traced(queries) == 3


@pytest.mark.parametrize("limits", [STEPS, CUT], ids=["whole", "cut"])
@pytest.mark.parametrize("text", ["zebra", "a zebra", "zebras -nowhere", "zebr*"])
def test_its_pages_hold_every_session_once(text: str, limits: Limits) -> None:
    by_place = [session for page in pages(text, limits) for session in page]
    by_number = [ordered(part(text, offset=offset, limits=limits))[:2] for offset in range(0, SESSIONS, 2)]
    assert by_place == [session.pk for page in by_number for session in page]
    assert len(by_place) == len(set(by_place)) == SESSIONS


def test_it_goes_on_until_the_filters_let_something_through() -> None:
    found = part(condition=Q(tool="codex"))
    assert titles(found) == ["0"]
    assert found[1:3] == (1, False)


def test_it_looks_into_what_may_be_shown_where_that_is_rare() -> None:
    found = part(limits=Limits(steps=((3, 3), (6, 6)), enough=1), condition=Q(tool="codex"))
    assert titles(found) == ["0"]


def test_it_looks_at_all_when_they_are_sorted_otherwise() -> None:
    assert titles(part(sort="popular")) == ["0", "1", "2"]


def test_it_says_so_when_there_are_more_than_it_looks_at() -> None:
    found = part(limits=Limits(steps=((3, 3), (10, 10)), enough=1), offset=9)
    assert titles(found) == ["10"]
    assert found[1:3] == (10, True)


def test_a_place_in_another_list_has_nothing_behind_it() -> None:
    assert titles(part(place=(NOW, UUID(int=0)))) == []
    assert titles(part("nowhere to be found", place=(7,))) == []


def test_it_finds_words_of_which_one_part_takes_too_many() -> None:
    """PostgreSQL takes 1 MiB of words in a row; here are more, of letters that take four bytes each."""
    letters = "".join(map(chr, range(0x20000, 0x20000 + 6_050)))
    starts = range(0, 6_000, 300)
    events = [user(" ".join(letters[at : at + 50] for at in range(first, first + 300))) for first in starts]
    session = uploaded(*events, owner=None)
    for at in (0, 5_999):
        assert [found.pk for found in part(letters[at : at + 50]).sessions] == [session.pk]
