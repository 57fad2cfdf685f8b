from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opensession.hail import times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z"),
        ("2026-02-01T00:00:00.000Z", "2026-02-01T00:00:00Z"),
        ("2026-02-01T00:00:00.1Z", "2026-02-01T00:00:00.100Z"),
        ("2026-02-01T00:00:00.123000Z", "2026-02-01T00:00:00.123Z"),
        ("2026-02-01T00:00:00.1234567Z", "2026-02-01T00:00:00.123456700Z"),
        ("2026-02-01T00:00:00.123456789987Z", "2026-02-01T00:00:00.123456789Z"),
        ("2026-02-01T09:00:00+09:00", "2026-02-01T00:00:00Z"),
        ("2026-02-01T00:30:00.5+0100", "2026-01-31T23:30:00.500Z"),
        ("2026-02-01T00:00:00\u221201:00", "2026-02-01T01:00:00Z"),
        (" 2026-02-01 00:00:00 UTC ", "2026-02-01T00:00:00Z"),
        ("2026-02-01t00:00:00z", "2026-02-01T00:00:00Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
    ],
)
def test_it_writes_the_normal_form(text: str, expected: str) -> None:
    assert times.normal(text) == times.strict(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-02-01",
        "2026-02-01T00:00Z",
        "2026-02-01T24:00:00Z",
        "2026-02-01T00:00:61Z",
        "2026-02-01T00:00:00,5Z",
        "2026-02-01T00:00:00+09",
        "2026-02-01T00:00:00+24:00",
        "2026-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:60Z",
        "2026-02-01T00:00:00Z\n2",
        "٢026-02-01T00:00:00Z",
    ],
)
def test_it_refuses_what_is_no_time(text: str) -> None:
    assert times.normal(text) is None
    assert times.strict(text) is None


def test_it_takes_a_missing_offset_for_utc_unless_strict() -> None:
    assert times.normal("2026-02-01T10:00:00.25") == "2026-02-01T10:00:00.250Z"
    assert times.strict("2026-02-01T10:00:00.25") is None


def test_it_reads_an_instant() -> None:
    assert times.instant("2026-02-01T00:00:00.123456789Z") == datetime(2026, 2, 1, 0, 0, 0, 123456, tzinfo=UTC)


def test_it_converts_numbers_and_datetimes() -> None:
    assert times.from_ms(1_770_000_000_120) == "2026-02-02T02:40:00.120Z"
    assert times.from_ms(-1) == "1969-12-31T23:59:59.999Z"
    east = timezone(timedelta(hours=9))
    assert times.from_datetime(datetime(2026, 2, 1, 9, 0, 0, 5, tzinfo=east)) == "2026-02-01T00:00:00.000005Z"
    with pytest.raises(OverflowError):
        times.from_ms(10**18)


def test_it_orders_by_key() -> None:
    fractions = ["", ".000001", ".100", ".100000001"]
    ordered = [f"2026-02-01T00:00:0{second}{fraction}Z" for second in (0, 1) for fraction in fractions]
    assert sorted(set(ordered), key=times.key) == ordered


def test_it_writes_the_offset_form() -> None:
    assert times.offset_form("2026-02-01T00:00:00.250Z") == "2026-02-01T00:00:00.250+00:00"


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2026-02-01T00:00:00Z", "2026-02-02T00:00:01Z", 86401),
        ("2026-02-01T00:00:00.900Z", "2026-02-01T00:00:02.100Z", 1),
        ("2026-02-01T00:00:00.000000002Z", "2026-02-01T00:00:01.000000001Z", 0),
        ("2026-02-01T00:00:09Z", "2026-02-01T00:00:00Z", 0),
    ],
)
def test_it_counts_whole_seconds(first: str, last: str, expected: int) -> None:
    assert times.whole_seconds(first, last) == expected


@settings(deadline=None)
@given(st.datetimes(timezones=st.just(UTC)))
def test_it_agrees_with_datetime(moment: datetime) -> None:
    text = times.from_datetime(moment)
    assert times.normal(text) == text == times.normal(moment.isoformat())
    assert times.instant(text) == moment
