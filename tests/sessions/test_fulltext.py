from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.db.backends.utils import CursorWrapper
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sessions.fulltext import Engine, Hit, Phrase, Words, engine, is_one_word, partitions, postgres, windows
from sessions.models import Strand
from sessions.search import tokens
from sessions.search.grammar import holds_word
from tests.base import BaseTestCase
from tests.sessions import stored

# Letters of several scripts, what joins and parts words, and all that FTS5's query language knows.
LETTERS = "aAbB1_éÉüжЖйøß日本 .-+:'\"*^(){}/\\\n\0\ud800ANDORNEAR"
MANY = 10**6


@contextmanager
def indexed(*texts: str) -> Iterator[tuple[CursorWrapper, Engine]]:
    """Index texts as rows 1, 2, …, and nothing else."""
    with connection.cursor() as cursor:
        engine().clear(cursor)
        readable = (text.replace("\0", "\ufffd").replace("\ud800", "\ufffd") for text in texts)
        engine().add(cursor, enumerate(readable, 1))
        yield cursor, engine()


def rows(words: Words, *texts: str) -> list[int]:
    with indexed(*texts) as (cursor, index):
        return index.rows(cursor, words, MANY)


def every(*phrases: str) -> Words:
    return Words(tuple(map(Phrase, phrases)))


class EngineTests(BaseTestCase):
    def test_it_works(self) -> None:
        assert rows(every("login"), "fix the login page", "add tests", "Login again") == [3, 1]

    def test_it_wants_all_words_and_none_of_the_others(self) -> None:
        texts = ("red green", "red", "green red blue")
        assert rows(every("red", "green"), *texts) == [3, 1]
        assert rows(Words((Phrase("red"),), (Phrase("blue"), Phrase("nowhere"))), *texts) == [2, 1]

    def test_it_finds_phrases_and_beginnings(self) -> None:
        texts = ("git commit now", "commit to git", "git committed")
        assert rows(every("git commit"), *texts) == [1]
        assert rows(Words((Phrase("git comm", is_prefix=True),)), *texts) == [3, 1]

    def test_it_ignores_case_and_accents(self) -> None:
        assert rows(every("RESUME"), "a résumé", "to resume") == [2, 1]

    def test_it_keeps_underscores_in_words(self) -> None:
        assert rows(every("foo_bar"), "foo_bar()", "foo bar") == [1]

    def test_it_ignores_words_without_letters(self) -> None:
        assert rows(every("red", "+++"), "red", "green") == [1]
        assert rows(Words((Phrase("red"),), (Phrase("***"),)), "red", "green") == [1]
        assert rows(every("***"), "red", "***") == []

    def test_it_gives_the_newest_rows_or_those_of_a_stretch(self) -> None:
        with indexed(*["red"] * 9) as (cursor, index):
            assert index.rows(cursor, every("red"), 3) == [9, 8, 7]
            assert index.rows_inside(cursor, every("red"), 3, 6) == [3, 4, 5]
            assert index.rows_inside(cursor, every("red"), 3, 6, 1) == [3]

    def test_it_finds_one_word_in_parts(self) -> None:
        with indexed() as (cursor, index):
            index.add_parts(cursor, [(1, ["Red and green", "late fee"]), (9, ["red_1", "r\u00e9d"])])
            assert index.parts(cursor, every("red"), MANY) == [9, 1]
            assert index.parts(cursor, every("fee"), MANY) == [1]
            assert index.parts(cursor, Words((Phrase("gre", is_prefix=True),)), MANY) == [1]
            assert index.rows(cursor, every("red"), MANY) == []

    def test_it_forgets_all(self) -> None:
        with indexed("red") as (cursor, index):
            index.add_parts(cursor, [(1, ["red"])])
            index.clear(cursor)
            assert index.rows(cursor, every("red"), MANY) == []
            assert index.parts(cursor, every("red"), MANY) == []
            assert index.problem(cursor) == ""

    def test_it_tells_what_rows_stand_for(self) -> None:
        session = stored.session("one", "two", title="three")
        strand = session.strands.get()
        with connection.cursor() as cursor:
            found = engine().hits(cursor, [3, 1, 99])
        assert found == [Hit(session.pk, strand.pk, 1), Hit(session.pk, strand.pk, -1)]

    def test_it_drops_rows_of_what_is_removed_or_replaced(self) -> None:
        removed, replaced = stored.session("red"), stored.session("red")
        Strand.objects.filter(session=replaced).update(is_live=False)
        removed.delete()
        with connection.cursor() as cursor:
            found = engine().rows(cursor, every("red"), MANY)
            assert len(found) == 2
            assert engine().hits(cursor, found) == []


@pytest.mark.django_db
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(LETTERS, max_size=30), st.lists(st.text(LETTERS, max_size=5), min_size=1, max_size=3))
def test_it_finds_what_a_naive_reading_finds(text: str, searched: list[str]) -> None:
    wanted = [one for one in searched if holds_word(one)]
    text = unicodedata.normalize("NFC", text)
    expected = bool(wanted) and all(tokens.holds(Phrase(one), text) for one in wanted)
    assert rows(every(*searched), text) == ([1] if expected else [])


@pytest.mark.django_db
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.text(), st.text())
def test_it_survives_any_words(one: str, other: str, text: str) -> None:
    with indexed("red") as (cursor, index):
        index.rows(cursor, Words((Phrase(one), Phrase(text, is_prefix=True)), (Phrase(other),)), MANY)


def test_it_writes_words_for_postgresql_with_their_places() -> None:
    assert postgres.vector("Fix the fixes: the end_1") == "'fix':1 'the':2,4 'fixes':3 'end_1':5"
    assert postgres.vector("re\u0301sume\u0301") == "'resume':1"
    words = Words((Phrase("late fee"), Phrase("migr", is_prefix=True), Phrase("'")), (Phrase("a:b"),))
    assert postgres.expression(words) == "('late' <-> 'fee') & ('migr':*) & !('a' <-> 'b')"


@pytest.mark.django_db
def test_it_takes_words_of_any_length_and_number() -> None:
    long, many = "x" * 5_000, "again " * 2_000 + "last"
    assert rows(every(long), f"{long} red", many) == [1]
    assert rows(every("again", "last"), f"{long} red", many) == [2]


def far_apart() -> dict[int, str]:
    """Return texts by row, on both sides of all borders of PostgreSQL's windows, and of some of its partitions."""
    newest = 40_000_000
    shifts = (*windows.SHIFTS, windows.SHIFTS[-1] + 2, windows.SHIFTS[-1] + 4)
    borders = [(newest >> shift) - back << shift for shift in shifts for back in (0, 1)]
    borders += [partitions.bounds(row).start for row in (newest, newest // 2, newest // 3)]
    numbers = sorted({1, newest, *(border + side for border in borders for side in (-1, 0))})
    return {number: ("red green", "red blue")[place % 2] for place, number in enumerate(numbers)}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "text"),
    [
        (every("red"), "red"),
        (every("red green"), "green"),
        (Words((Phrase("red"),), (Phrase("green"),)), "blue"),
        (Words((Phrase("gre", is_prefix=True),)), "green"),
    ],
    ids=["word", "phrase", "unwanted", "beginning"],
)
def test_it_finds_the_newest_rows_in_all_windows(words: Words, text: str) -> None:
    texts = far_apart()
    expected = [row for row in sorted(texts, reverse=True) if text in texts[row]]
    with connection.cursor() as cursor:
        engine().clear(cursor)
        engine().add(cursor, texts.items())
        for limit in range(1, len(expected) + 2):
            assert engine().rows(cursor, words, limit) == expected[:limit]


@pytest.mark.django_db
def test_it_finds_the_newest_parts_in_all_windows() -> None:
    texts = far_apart()
    with connection.cursor() as cursor:
        engine().clear(cursor)
        engine().add_parts(cursor, ((row, [text]) for row, text in texts.items()))
        for limit in range(1, len(texts) + 2):
            assert engine().parts(cursor, every("red"), limit) == sorted(texts, reverse=True)[:limit]


def test_it_takes_no_letter_with_a_mark_for_a_single_word() -> None:
    assert is_one_word(every("r\u00e9d_1"))
    for marked in ("re\u0301d", "\u0f5c0", "\u0928\u093ca"):
        assert not is_one_word(every(marked))


@pytest.mark.django_db
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(categories=["L", "N"], include_characters="_"), min_size=1, max_size=8))
def test_it_finds_any_one_word_in_parts_as_in_rows(word: str) -> None:
    words = every(word)
    assume(is_one_word(words))
    with indexed(word) as (cursor, index):
        index.add_parts(cursor, [(1, [word])])
        assert index.parts(cursor, words, MANY) == index.rows(cursor, words, MANY)
