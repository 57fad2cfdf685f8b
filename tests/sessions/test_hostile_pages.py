from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.test import Client

from opensession.hail import actions
from opensession.hail.model import Code, Image, Json
from tests.factories import agent, call, edit, event, make_session, note, result, shell, thinking, user
from tests.sessions.pages import page

pytestmark = pytest.mark.django_db


class TestHostileText:
    HOSTILE = (
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "[click](javascript:alert(1))",
        "![x](https://evil.example/x.png)",
        '"><svg onload=alert(1)>',
        "</pre></details><iframe src=//evil.example>",
    )

    @pytest.mark.parametrize("text", HOSTILE)
    def test_it_shows_it_as_text_everywhere(self, client: Client, text: str) -> None:
        fence = f"```{text}\n{text}\n```"
        session = make_session(
            *(
                user(text),
                agent(text),
                agent(fence),
                thinking(text),
                shell(text, call_id="a"),
                result(text, call_id="a"),
            ),
            *(call(text, Json(data={text: text}), Code(code=text, language=text)), edit(text, f"@@ -1 +1 @@\n+{text}")),
            *(note(text), event(actions.WebFetch(url=text)), event(actions.TaskStart(title=text))),
            *(event(actions.UnknownAction(name=text), text), event(actions.FileDelete(path=text))),
            **dict.fromkeys(("title", "repo", "cwd", "branch", "hail_id", "tool"), text),
            tags=[text],
        )
        for query in ("", "?search=alert", "/e/main.0"):
            assert_harmless(page(client, session, query))
        assert_harmless(client.get("/sessions").content.decode())

    def test_it_obeys_no_terminal_codes(self, client: Client) -> None:
        html = page(
            client,
            make_session(shell(call_id="c"), result("\x1b[31mred\x1b[0m\x07\x1b]0;title\x07 plain\u202e", call_id="c")),
        )
        assert "red plain⟨U+202E⟩" in html
        assert "\x1b" not in html

    def test_it_fetches_no_pictures(self, client: Client) -> None:
        inside = Image(url="data:image/png;base64,iVBORw0KGgo=", mime="image/png")
        outside = Image(url="https://evil.example/x.png", mime="image/png")
        vector = Image(url="data:image/svg+xml;base64,AAAA", mime="image/svg+xml")
        html = page(client, make_session(event(actions.UserMessage(), inside, outside, vector)))
        assert re.findall(r'<img[^>]* src="([^"]+)"', html) == ["data:image/png;base64,iVBORw0KGgo="]

    def test_it_sends_a_strict_policy_and_no_inline_code(self, client: Client) -> None:
        answer = client.get(f"/session/{make_session().pk}")
        assert "unsafe" not in answer["Content-Security-Policy"]
        html = answer.content.decode()
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", html)


class Harmless(HTMLParser):
    """Fails on elements and attributes that no page of ours has in its `main`."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        assert tag not in ("img", "iframe", "object", "style")
        assert (
            tag not in ("script", "svg") or named.get("class") == "flow-bar" or "/static/" in (named.get("src") or "")
        )
        assert not [name for name in named if name.startswith("on") or name in ("style", "srcdoc")]
        for name in ("href", "src", "action", "hx-get"):
            assert re.match(r"/(?!/)|https?://|#|$", named.get(name) or "")


def assert_harmless(html: str) -> None:
    Harmless().feed(html)
