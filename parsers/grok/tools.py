"""The tools of Grok Build, by what they do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from opensession.hail.actions import Action, FileSearch, WebFetch, WebSearch
from opensession.hail.model import Code, Content
from parsers.common import language_of
from parsers.fields import mapping, text
from parsers.toolcalls import usual
from parsers.transcript import At, Transcript

_NUMBERED = re.compile(r"\s*(\d{1,9})→(.*)", re.DOTALL).match
_PAGES = frozenset({"open_page", "find_in_page"})


def call(name: str, arguments: Any, at: At, to: Transcript, call_id: str) -> None:
    """Tell a call. One of an MCP server is wrapped into a tool that calls it."""
    inner = mapping(arguments, "tool_input")
    if (wrapped := text(arguments, "tool_name")) and "tool_input" in arguments:
        name, arguments = wrapped, inner
    to.call(name, arguments, at, call_id, action=action(name, arguments))


def action(name: str, arguments: Any) -> Action:
    """Return what a call does."""
    if name == "list_dir":
        return FileSearch(pattern=text(arguments, "target_directory", "path") or "*")
    return usual(name, arguments)


def call_of_server(kind: Mapping[str, Any], at: At, to: Transcript) -> None:
    """Tell a call that xAI's server ran itself: a search, or a page that was opened. What it gave back is not told."""
    told = mapping(kind, "action")
    name = text(kind, "tool_type") or text(told, "type") or "server_tool"
    query, url = text(told, "query"), text(told, "url")
    made: Action | None = None
    if text(told, "type") in _PAGES and url:
        made = WebFetch(url=url)
    elif query:
        made = WebSearch(query=query)
    to.call(name, told or kind, at, text(kind, "id"), action=made)


def what_was_read(words: str, call_id: str, to: Transcript) -> Content | None:
    """Return the code that a file holds, None for any other result. Grok may number no line of it but the first."""
    waiting = to.facts.calls.get(call_id)
    found = _NUMBERED(words)
    if not waiting or waiting.name != "read_file" or not found or re.search(r"\n *\d+→", words):
        return None
    language = language_of(waiting.path or "")
    return Content(blocks=(Code(code=found[2].rstrip(), language=language, start_line=int(found[1])),))
