"""What a search engine answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol
from unicodedata import normalize, ucd_3_2_0
from uuid import UUID

from django.db.backends.utils import CursorWrapper


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in a row. Of a prefix, the last one may go on."""

    text: str
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """What one event holds: all of these, none of those."""

    all_of: tuple[Phrase, ...] = ()
    none_of: tuple[Phrase, ...] = ()


def is_one_word(words: Words) -> bool:
    """Tell whether an engine that keeps no places of words finds these: nothing but one word, or what begins so.

    Of what Unicode 3.2 calls letters and digits, all engines know that they are no end of a word. The text is looked at
    as it is and in NFC, as engines differ in which they read; NFC takes some letters apart, such as U+0F5C.
    """
    if len(words.all_of) != 1 or words.none_of:
        return False
    text = words.all_of[0].text
    return all(char == "_" or ucd_3_2_0.category(char)[0] in "LN" for char in text + normalize("NFC", text))


class Hit(NamedTuple):
    """An event that holds the words; number -1 stands for the words of the session itself."""

    session: UUID
    strand: UUID
    number: int


class Traced(NamedTuple):
    """A strand by its newest row among neighbours, its session, and whether that helps another and may be shown there.

    There is no session if the strand is not live any more.
    """

    row: int
    session: UUID | None
    is_helper: bool | None


class Engine(Protocol):
    """Indexes rows of words under integer row ids, which are handed out in rising order.

    Words are runs of letters, digits and `_`, whatever their case and accents. Rows that no live block stands for are
    never hits.
    """

    def add(self, cursor: CursorWrapper, rows: Iterable[tuple[int, str]]) -> None:
        """Index words by row id."""

    def add_parts(self, cursor: CursorWrapper, parts: Iterable[tuple[int, Iterable[str]]]) -> None:
        """Index the words of many rows together, under the first one's id."""

    def drop(self, cursor: CursorWrapper, first: int, stop: int) -> int:
        """Take out the rows from `first` on and before `stop`, and their parts. Return how many have to stay."""

    def clear(self, cursor: CursorWrapper) -> None:
        """Forget all rows and parts."""

    def problem(self, cursor: CursorWrapper) -> str:
        """Return what is wrong inside the index, or nothing."""

    def rows(self, cursor: CursorWrapper, words: Words, limit: int) -> list[int]:
        """Return the rows that hold the words, the newest `limit` of them, newest first."""

    def parts(self, cursor: CursorWrapper, words: Words, limit: int) -> list[int]:
        """Return the parts that hold a word, the newest `limit` of them, newest first. See `is_one_word`."""

    def rows_inside(self, cursor: CursorWrapper, words: Words, first: int, stop: int, limit: int = -1) -> list[int]:
        """Return the rows from `first` on and before `stop` that hold the words, in rising order.

        Of these the first `limit`, unless that is -1.
        """

    def strands(self, cursor: CursorWrapper, rows: Sequence[int], limit: int) -> list[Traced]:
        """Return the strands that rows lead to, so many at most. The rows come newest first, as the strands do.

        A strand may come again with an older row, where rows of another one lie between.
        """

    def hits(self, cursor: CursorWrapper, rows: Sequence[int]) -> list[Hit]:
        """Return what rows stand for, in their order. Costs a look-up per row."""
