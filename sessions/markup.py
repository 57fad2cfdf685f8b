"""Text of sessions as safe HTML. Everything here is hostile until it has passed through this module or an escape."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import escape

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

MOST_MARKDOWN = 20_000
MOST_HIGHLIGHTED = 8_000
"""Characters. What is longer is shown as it is: colours are not worth a second of work."""

_CACHED = 512
_PIECES = re.compile(r"""(<(?:[^<>"']|"[^"]*"|'[^']*')*>|&(?:\w+|\#\w+);)""")
_LANGUAGE = re.compile(r"[A-Za-z0-9+#.\-]{1,20}")
_FENCE = re.compile(r"\A(?P<mark>`{3,}|~{3,})(?P<language>[^\s`]*)[^\n`]*\n(?P<code>.*?)\n?(?P=mark)\s*\Z", re.DOTALL)

_CLASSES = {
    "paragraph_open": "md-p",
    "bullet_list_open": "md-list",
    "ordered_list_open": "md-list",
    "blockquote_open": "md-blockquote",
    "code_inline": "md-inline-code",
    "link_open": "md-link",
    "table_open": "md-table",
    "hr": "md-hr",
}
_TAGS = {
    *("a", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p"),
    *("pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
_ATTRIBUTES = {"*": {"class"}, "a": {"class", "href", "title"}, "ol": {"class", "start"}}
_SCHEMES = {"http", "https", "mailto"}


@lru_cache(maxsize=_CACHED)
def markdown(text: str) -> SafeString:
    """Return Markdown as HTML. Too long a text comes back as it was written."""
    if len(text) > MOST_MARKDOWN:
        return mark_safe(f'<p class="md-p md-raw">{escape(text)}</p>')  # noqa: S308 - it is escaped.
    return mark_safe(  # noqa: S308 - it is cleaned.
        nh3.clean(
            _parser().render(text),
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            url_schemes=_SCHEMES,
            link_rel="noopener noreferrer nofollow",
            set_tag_attribute_values={"a": {"target": "_blank"}},
        )
    )


@lru_cache(maxsize=_CACHED)
def code(text: str, language: str) -> SafeString:
    """Return source code as HTML, coloured where the language is known."""
    lexer = _lexer(language) if 0 < len(text) <= MOST_HIGHLIGHTED else None
    if lexer is None:
        return mark_safe(escape(text))  # noqa: S308 - it is escaped.
    html: str = highlight(text, lexer, HtmlFormatter(nowrap=True))
    return mark_safe(html.rstrip("\n"))  # noqa: S308 - Pygments escapes.


def sole_fence(text: str) -> tuple[str, str] | None:
    """Return language and code of a text that is one fenced block and nothing else."""
    found = _FENCE.match(text.strip()) if text.lstrip()[:3] in ("```", "~~~") else None
    if found is None or found["mark"] in found["code"]:
        return None
    return found["language"], found["code"]


def marked(html: str, words: Sequence[str]) -> SafeString:
    """Return safe HTML with every occurrence of the words marked; tags and character references stay whole."""
    wanted = _wanted(tuple(words))
    if wanted is None:
        return mark_safe(html)  # noqa: S308 - it came as safe HTML.
    pieces = _PIECES.split(html)
    pieces[::2] = (wanted.sub(r"<mark>\g<0></mark>", piece) for piece in pieces[::2])
    return mark_safe("".join(pieces))  # noqa: S308 - only marks were added, and only between tags.


@lru_cache(maxsize=64)
def _wanted(words: tuple[str, ...]) -> re.Pattern[str] | None:
    known = sorted({escape(word) for word in words if word.strip()}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, known)), re.IGNORECASE) if known else None


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("js-default", {"html": False, "linkify": True, "breaks": True}).disable("image")
    # A file name such as `main.rs` is no address: only what names its scheme becomes a link.
    if parser.linkify:
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    parser.core.ruler.push("classes", lambda state: _name(state.tokens))
    return parser


def _name(tokens: Iterable[Token]) -> None:
    """Give every element the class that the style sheet knows it by."""
    for token in tokens:
        if name := _class_of(token):
            token.attrJoin("class", name)
        if token.type.startswith("heading_"):
            # The page's own headings come first: what an agent calls a title is a part of a message.
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
        _name(token.children or ())


def _class_of(token: Token) -> str | None:
    return f"md-heading md-{token.tag}" if token.type == "heading_open" else _CLASSES.get(token.type)


def _fence(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: dict[str, object]
) -> str:
    token = tokens[index]
    found = _LANGUAGE.match(token.info.strip())
    language = found[0] if found else ""
    head = f'<div class="md-code-header">{escape(language)}</div>' if language else ""
    body = code(token.content.rstrip("\n"), language)
    return f'<div class="md-code-block">{head}<pre><code class="hljs">{body}</code></pre></div>\n'


def _table_open(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: dict[str, object]
) -> str:
    return '<div class="md-table-wrap"><table class="md-table">'


def _table_close(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: dict[str, object]
) -> str:
    return "</table></div>"


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language, stripnl=False) if _LANGUAGE.fullmatch(language) else None
    except ClassNotFound:
        return None
