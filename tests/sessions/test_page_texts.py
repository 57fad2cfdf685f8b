from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sessions.pages import texts

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;title\x07rest", "rest"),
        ("\x1bPdevice\x1b\\rest", "rest"),
        ("a\x00b\x08c\x9bd", "abcd"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("abc\u202ecba\u2066x", "abc⟨U+202E⟩cba⟨U+2066⟩x"),
        ("grüße 日本", "grüße 日本"),
    ],
)
def test_it_leaves_nothing_to_obey(text: str, expected: str) -> None:
    assert texts.plain(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<command-name>/clear</command-name> now", "/clear now"),
        ("a < b and c > d", "a < b and c > d"),
        ("  two\n lines ", "two lines"),
        ("x" * 300, "x" * 197 + "..."),
    ],
)
def test_it_makes_headings(text: str, expected: str) -> None:
    assert texts.heading(text) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-5, "just now"), (59, "just now"), (60, "1m ago"), (7200, "2h ago"), (29 * 86400, "29d ago")],
)
def test_it_says_how_long_ago(seconds: int, expected: str) -> None:
    assert texts.age(NOW - timedelta(seconds=seconds), NOW) == expected


def test_it_gives_the_date_of_what_is_old() -> None:
    assert texts.age(NOW - timedelta(days=40), NOW) == "2026-01-29"


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "0s"), (59, "59s"), (61, "1m 1s"), (3700, "1h 1m"), (100_000, "1d 3h")]
)
def test_it_says_how_long(seconds: int, expected: str) -> None:
    assert texts.duration(seconds) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [(999, "999"), (1000, "1k"), (1234, "1.2k"), (12_400, "12k"), (2_334_418, "2.3M"), (5 * 10**9, "5G")],
)
def test_it_makes_numbers_short(number: int, expected: str) -> None:
    assert texts.compact(number) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a/b/c/d.py", ".../b/c/d.py"),
        ("c/d.py", "c/d.py"),
        ("D:\\work\\shop\\src\\x.cs", ".../shop/src/x.cs"),
        ("", ""),
    ],
)
def test_it_makes_paths_short(path: str, expected: str) -> None:
    assert texts.short_path(path) == expected
