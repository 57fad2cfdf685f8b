"""Search in sessions: the grammar, the request as a value, and what is found."""

from __future__ import annotations

from sessions.search.find import Found, events_matching, find, tools_in_use
from sessions.search.grammar import Malformed
from sessions.search.request import LAYOUTS, RANGES, SORTS, SessionSearch
from sessions.search.snippets import Part, Snippet

__all__ = [
    "LAYOUTS",
    "RANGES",
    "SORTS",
    "Found",
    "Malformed",
    "Part",
    "SessionSearch",
    "Snippet",
    "events_matching",
    "find",
    "tools_in_use",
]
