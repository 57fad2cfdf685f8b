from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from handoff.markup import block, code, line, printable

MARKDOWN = MarkdownIt("commonmark")
PIECES = (
    *("`", "``", "```", "~~~", "\\", "<b>", "<!--", "</div>", "<script>", "![x](http://e.org)", "[2]: http://e.org"),
    *(
        "#",
        "## H",
        "---",
        "===",
        "***",
        "- ",
        "* ",
        "> ",
        "1. ",
        "    ",
        "\t",
        " ",
        "\n",
        "\r\n",
        "\r",
        "a",
        "[2]",
        "|",
    ),
    *("]:", "[", "]", "(", ")", "\n\n", "<http://e.org>", "&lt;b&gt;", "_", "*", "=", "-", "é", "!", "\x1b[31m"),
)
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=14).map("".join)
FORBIDDEN = {"html_block", "html_inline", "hr", "image"}


def kinds(document: str) -> list[str]:
    """Return the kinds of all Markdown tokens, those inside lines too."""
    tokens = MARKDOWN.parse(document)
    return [token.type for outer in tokens for token in (outer, *(outer.children or ()))]


def headings(document: str) -> list[str]:
    tokens = MARKDOWN.parse(document)
    return [tokens[place + 1].content for place, token in enumerate(tokens) if token.type == "heading_open"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("plain", "`plain`"),
        ("a`b", "``a`b``"),
        ("`a`", "`` `a` ``"),
        ("a```b``", "```` a```b`` ````"),
        ("", "` `"),
    ],
)
def test_it_fences_code(words: str, expected: str) -> None:
    assert code(words) == expected


@given(st.text(alphabet="`ab <\\", max_size=12))
def test_it_keeps_code_as_it_was(words: str) -> None:
    [_, inline, _] = MARKDOWN.parse(f"x {line(code(words))} x")
    [span] = [token for token in inline.children or () if token.type == "code_inline"]
    assert span.content.strip() == words.strip()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("two\r\nlines\n", "two lines "),
        ("# title", r"\# title"),
        ("#1 is fixed", "#1 is fixed"),
        ("> - ## deep", r"> - \## deep"),
        ("---", r"\---"),
        ("- - -", r"- - \-"),
        ("a <b>x</b>", r"a \<b>x\</b>"),
        ("1 < 2 <= 3", "1 < 2 <= 3"),
        ("run `cat <file>`", "run `cat <file>`"),
        ("one ` and <b>", r"one \` and \<b>"),
        (r"\`<b>`", r"\`\<b>\`"),
        ("![pixel](http://e.org)", r"!\[pixel](http://e.org)"),
        ("[2]: http://e.org", r"[2]\: http://e.org"),
    ],
)
def test_it_makes_a_line_harmless(words: str, expected: str) -> None:
    assert line(words) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("# a\ntext\n===\n", "\\# a\ntext\n\\===\n"),
        ("```py\n# a <b>\n```\n# b", "```py\n# a <b>\n```\n\\# b"),
        ("```py\n# a <b>", "```py\n# a <b>\n```"),
        ("~~~~\n~~~\n# a", "~~~~\n~~~\n# a\n~~~~"),
        ("- x\n  ```\n<b>", "- x\n  \\`\\`\\`\n\\<b>"),
        ("``` not a fence ``` <b>", "``` not a fence ``` \\<b>"),
        ("a `\n<b>` c", "a \\`\n\\<b>\\` c"),
    ],
)
def test_it_makes_paragraphs_harmless(words: str, expected: str) -> None:
    assert block(words) == expected


@given(HOSTILE)
def test_it_keeps_a_block_in_its_place(words: str) -> None:
    document = f"### 1. User\n{block(words)}\n\n### 1. Agent\nx [2]\n"
    assert headings(document) == ["1. User", "1. Agent"]
    assert not FORBIDDEN & set(kinds(document))
    assert kinds(document)[-3:] == ["inline", "text", "paragraph_close"]


@given(HOSTILE)
def test_it_keeps_a_line_in_its_place(words: str) -> None:
    document = f"## A\n{line(words)}\n\n## B\n- {line(words)}\n1. {line(f'say {words}')}\n\n## C\n"
    assert headings(document) == ["A", "B", "C"]
    assert not FORBIDDEN & set(kinds(document))
    assert "fence" not in kinds(document)


def test_it_takes_time_in_proportion_to_the_length() -> None:
    words = " ".join("`" * length for length in range(1, 1500)) + " " * 100_000 + "- " * 100_000
    assert line(words).startswith(r"\` \`\` ")


def test_it_removes_what_a_terminal_obeys() -> None:
    assert printable("a\x1b[2Jb\x9bc\x00\td\n") == "a\ufffd[2Jb\ufffdc\ufffd\td\n"


@pytest.mark.parametrize("words", ["- - - ", "* * *", "- - -", "> - - ", "-   ", "- = =", "- ---"])
def test_a_rule_behind_markers_gets_its_backslash(words: str) -> None:
    assert "\\" in block(words)


def test_it_is_done_at_once_with_a_line_of_markers() -> None:
    assert line("- " * 50_000 + "x").endswith("- x")
