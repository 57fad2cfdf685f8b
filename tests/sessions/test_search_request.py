from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from sessions.search import SessionSearch
from sessions.search.cursor import Cursor, decode, encode
from sessions.search.grammar import Filter
from tests.sessions.stored import NOW


def read(query: str) -> SessionSearch:
    return SessionSearch.from_query(QueryDict(query))


def test_it_works() -> None:
    search = read("search=fix+login&tool=codex&sort=popular&time_range=7d&layout=agents&after=abc")
    assert search == SessionSearch("fix login", "codex", "popular", "7d", "agents", "abc")
    assert read(search.to_query()) == search


def test_it_leaves_defaults_out() -> None:
    assert read("sort=recent&search=&time_range=all&layout=list").to_query() == ""
    assert read("sort=longest").to_query(sort="recent") == ""


def test_it_takes_the_unknown_for_the_default() -> None:
    assert read("sort=best&time_range=1y&layout=grid&page=7") == SessionSearch()


def test_it_trims_what_was_typed() -> None:
    assert read("search=+fix+&tool=++") == SessionSearch(search="fix")


@pytest.mark.parametrize("change", [{"sort": "popular"}, {"tool": "codex"}, {"search": "x"}, {"time_range": "24h"}])
def test_it_goes_to_the_first_page_of_another_list(change: dict[str, str]) -> None:
    assert "after" not in SessionSearch(after="abc").to_query(**change)


def test_it_stays_on_the_page_in_another_layout() -> None:
    assert SessionSearch(after="abc").to_query(layout="agents") == "layout=agents&after=abc"


def test_it_makes_filters_of_tool_and_time_range() -> None:
    filters = SessionSearch(search="model:opus fix", tool="codex", time_range="24h").query(NOW).filters
    assert filters == (Filter("tool", "codex"), Filter("after", NOW - timedelta(hours=24)), Filter("model", "opus"))


@given(st.integers(-(2**63) + 1, 2**63 - 1), st.uuids())
def test_it_reads_its_own_cursors(number: int, row: UUID) -> None:
    cursor = Cursor(number, row)
    assert decode(encode(cursor), "popular") == cursor
    assert decode(encode(cursor), "recent") is None


@given(st.datetimes(timezones=st.just(UTC)), st.uuids())
def test_it_reads_its_own_moments(moment: datetime, row: UUID) -> None:
    cursor = Cursor(moment, row)
    assert decode(encode(cursor), "recent") == cursor
    assert decode(encode(cursor), "longest") is None


@given(st.text())
def test_it_takes_nonsense_for_no_cursor(text: str) -> None:
    assert decode(text, "recent") is None
    assert decode(text, "popular") is None
