from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.fulltext import Phrase, Words
from sessions.search.grammar import MOST_CHARACTERS, MOST_TERMS, Check, Filter, Malformed, Query, parse
from tests.sessions.stored import NOW

TERMS = ["word", '"', "-", "/", ":", "*", "tool:", "file:", "after:", "is:", "\\", "(", "[", " ", "\0", "\ud800", "NOT"]


def words(text: str) -> tuple[str, ...]:
    return tuple(phrase.text for phrase in parse(text, NOW).words.all_of)


def filters(text: str) -> tuple[Filter, ...]:
    return parse(text, NOW).filters


def problem(text: str) -> str:
    with pytest.raises(Malformed) as caught:
        parse(text, NOW)
    return str(caught.value)


def test_it_works() -> None:
    assert parse('fix "login page" -draft tool:codex file:app.py /x+/', NOW) == Query(
        words=Words((Phrase("fix"), Phrase("login page"), Phrase("app.py")), (Phrase("draft"),)),
        checks=(Check("file", "app.py"), Check("regex", "x+")),
        filters=(Filter("tool", "codex"),),
    )


@pytest.mark.parametrize(
    "word", ["foo-bar", "C++", "a.b", "path/to/x", "don't", "AND", "NEAR", "^a", "std::x", "--flag"]
)
def test_it_takes_as_a_word_what_stands_between_spaces(word: str) -> None:
    assert words(f"before {word} after") == ("before", word, "after")


def test_it_takes_a_path_for_words_and_not_for_a_pattern() -> None:
    assert words("/usr/lib/python cd /tmp and/or x") == ("/usr/lib/python", "cd", "/tmp", "and/or", "x")


def test_it_leaves_out_what_holds_no_word() -> None:
    assert words("a + b *** _ ☃") == ("a", "b", "_")


def test_it_reads_a_beginning() -> None:
    assert parse('conf* "in the beg"*', NOW).words.all_of == (Phrase("conf", True), Phrase("in the beg", True))


def test_it_reads_quoted_and_negated_filters() -> None:
    assert filters('repo:"my shop" -TOOL:codex') == (Filter("repo", "my shop"), Filter("tool", "codex", True))


def test_it_negates_checks() -> None:
    assert parse("a -cmd:rm -/b/", NOW).checks == (Check("cmd", "rm", True), Check("regex", "b", True))


def test_it_allows_a_slash_in_a_pattern() -> None:
    assert parse(r"/a\/b c/", NOW).checks == (Check("regex", "a/b c"),)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-02", datetime(2026, 2, 1, tzinfo=UTC)),
        ("2026-02-03", datetime(2026, 2, 3, tzinfo=UTC)),
        ("2026-02-03T10:00:00+02:00", datetime(2026, 2, 3, 8, tzinfo=UTC)),
        ("36h", NOW - timedelta(hours=36)),
        ("7D", NOW - timedelta(days=7)),
        ("2w", NOW - timedelta(weeks=2)),
        ("today", datetime(2026, 3, 10, tzinfo=UTC)),
        ("yesterday", datetime(2026, 3, 9, tzinfo=UTC)),
    ],
)
def test_it_reads_moments(text: str, moment: datetime) -> None:
    assert filters(f"after:{text}") == (Filter("after", moment),)


@pytest.mark.parametrize(
    ("text", "token", "remedy"),
    [
        ('say "hello', '“"hello”', 'add a "'),
        ('repo:"shop', 'repo:"shop', 'add a "'),
        ("tool:", "`tool:`", "tool:codex"),
        ("after:soon", "`after:soon`", "after:2026-03-01"),
        ("before:2026-13-01", "`before:2026-13-01`", "before:2026-03-01"),
        ("is:fun", "`is:fun`", "is:error"),
        ("file:*", "`file:*`", "file:models.py"),
        ("/(/", "/(/", "mend it"),
        ("ab*", "“ab*”", "at least 3 letters"),
        ("-draft tool:codex", "“-draft tool:codex”", "add a word to find"),
        ("-file:a.py", "“-file:a.py”", "add a word to find"),
        ("***", "“***”", "add a word"),
        ("a" * (MOST_CHARACTERS + 1), f"{MOST_CHARACTERS:,}", "leave some words out"),
        ("a " * (MOST_TERMS + 1), f"{MOST_TERMS}", "leave some out"),
    ],
)
def test_it_says_what_is_wrong_and_what_to_do(text: str, token: str, remedy: str) -> None:
    assert token in problem(text)
    assert remedy in problem(text)


def test_it_asks_for_nothing_when_empty() -> None:
    assert not parse("  ", NOW).is_about_events
    assert not parse("tool:codex after:7d", NOW).is_about_events


@given(st.one_of(st.text(), st.lists(st.sampled_from(TERMS)).map("".join)))
def test_it_reads_any_text_or_says_why_not(text: str) -> None:
    assert said(text)[-1:] in ("", ".")


def said(text: str) -> str:
    try:
        parse(text, NOW)
    except Malformed as malformed:
        return str(malformed)
    return ""
