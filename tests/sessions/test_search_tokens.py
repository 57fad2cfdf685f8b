from __future__ import annotations

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from opensession.hail.actions import FileEdit, ShellCommand
from sessions.fulltext import Hit, Phrase
from sessions.search import tokens
from sessions.search.checks import passes
from sessions.search.grammar import Check, parse
from sessions.search.snippets import LENGTH, Part, snippet
from tests.sessions.stored import NOW, event

HIT = Hit(uuid4(), uuid4(), 3)


def parts(query: str, said: str) -> tuple[Part, ...]:
    return snippet(HIT, event(said), parse(query, NOW)).parts


def matches(query: str, said: str) -> list[str]:
    return [part.text for part in parts(query, said) if part.is_match]


def joined(query: str, said: str) -> str:
    return "".join(part.text for part in parts(query, said))


def test_it_marks_what_was_searched_for() -> None:
    assert parts("login", "fix the Login page") == (Part("fix the "), Part("Login", True), Part(" page"))


def test_it_marks_every_word_phrase_and_beginning() -> None:
    assert matches('"git commit" mes*', "Git  commit: the message, git-commit") == [
        "Git commit",
        "message",
        "git-commit",
    ]


def test_it_marks_whatever_the_accents() -> None:
    assert matches("resume", "my résumé, my re\u0301sume\u0301") == ["résumé", "résumé"]


def test_it_marks_patterns() -> None:
    assert matches("/v[0-9]+/", "from v1 to v22") == ["v1", "v22"]
    assert matches("/é+/", "ééx") == ["éé"]


def test_it_shows_the_text_around_a_late_match() -> None:
    shown = joined("needle", "hay " * 1000 + "needle" + " straw" * 1000)
    assert "hay needle straw" in shown
    assert len(shown) <= LENGTH


def test_it_shows_the_start_where_nothing_matches_in_sight() -> None:
    assert parts("x", "some words") == (Part("some words"),)


def test_it_shows_nothing_of_nothing() -> None:
    assert parts("x", "") == ()


def test_it_leaves_markup_to_whoever_prints_it() -> None:
    assert joined("script", "<script>") == "<script>"


@given(st.text(max_size=600), st.text(max_size=8))
def test_it_makes_a_short_passage_of_any_text(said: str, word: str) -> None:
    shown = snippet(HIT, event(said), parse("a", NOW)).parts
    assert all(part.text for part in shown)
    assert len("".join(part.text for part in shown)) <= LENGTH
    assert isinstance(tokens.holds(Phrase(word), said), bool)


def test_it_checks_files_and_commands_by_their_words() -> None:
    edit, run = event(action=FileEdit(path="src/Models.py")), event(action=ShellCommand(command="git commit -m x"))
    assert passes(edit, "", [Check("file", "models.py")])
    assert not passes(edit, "", [Check("file", "odels.py")])
    assert not passes(run, "", [Check("file", "git")])
    assert passes(run, "", [Check("cmd", "git commit")])
    assert not passes(run, "", [Check("cmd", "git commit", is_negated=True)])
