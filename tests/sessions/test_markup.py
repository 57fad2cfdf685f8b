from __future__ import annotations

import pytest

from sessions import markup


def test_it_renders_github_flavoured_markdown() -> None:
    html = markup.markdown("one\ntwo ~~three~~ https://example.org\n\n| a |\n| - |\n| 1 |")
    assert "one<br>\ntwo" in html
    assert "<s>three</s>" in html
    assert '<a href="https://example.org" class="md-link" target="_blank" rel="noopener noreferrer nofollow">' in html
    assert '<div class="md-table-wrap"><table class="md-table">' in html


def test_it_keeps_the_page_s_own_headings_above_those_of_a_message() -> None:
    assert markup.markdown("# Plan") == '<h3 class="md-heading md-h1">Plan</h3>\n'
    assert markup.markdown("###### Deep").startswith('<h6 class="md-heading md-h6">')


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:alert)",
        "<a href=javascript:alert(1)>x</a>",
        "<javascript:alert(1)>",
    ],
)
def test_it_links_to_the_web_only(text: str) -> None:
    assert "<a" not in markup.markdown(text)


def test_it_shows_no_pictures() -> None:
    assert "<img" not in markup.markdown("![alt](https://example.org/x.png)")


def test_it_does_not_parse_what_is_very_long() -> None:
    html = markup.markdown("# " + "<b>" * markup.MOST_MARKDOWN)
    assert "md-raw" in html
    assert "<b>" not in html


def test_it_colours_code_of_a_known_language() -> None:
    assert '<span class="k">def</span>' in markup.code("def f(): ...", "python")
    assert '<span class="kd">const</span>' in markup.markdown("```ts\nconst a = 1;\n```")


@pytest.mark.parametrize("language", ["", "no-such-language", "<script>", "../x", "python\n"])
def test_it_shows_other_code_as_it_is(language: str) -> None:
    assert markup.code("<b>&", language) == "&lt;b&gt;&amp;"


def test_it_does_not_colour_what_is_long() -> None:
    assert "<span" not in markup.code("x = 1\n" * markup.MOST_HIGHLIGHTED, "python")


def test_it_knows_a_lone_fence() -> None:
    assert markup.sole_fence("~~~go\nfunc main() {}\n~~~\n") == ("go", "func main() {}")
    assert markup.sole_fence("```\na\n```\n\n```\nb\n```") is None
    assert markup.sole_fence("so:\n```\na\n```") is None


@pytest.mark.parametrize(
    ("html", "words", "expected"),
    [
        ("a cat sat", ["CAT"], "a <mark>cat</mark> sat"),
        ('<a title="cat > dog">cat</a>', ["cat"], '<a title="cat > dog"><mark>cat</mark></a>'),
        ("&amp; amp", ["amp"], "&amp; <mark>amp</mark>"),
        ("&lt;b&gt;", ["<b>"], "&lt;b&gt;"),
        ("a.b axb", ["a.b"], "<mark>a.b</mark> axb"),
        ("nothing", [" ", ""], "nothing"),
    ],
)
def test_it_marks_words_between_tags_only(html: str, words: list[str], expected: str) -> None:
    assert markup.marked(html, words) == expected
