"""What a person asked for: the query parameters of a list as a value that prints itself back into links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import urlencode

from sessions.search.grammar import Filter, Query, parse

SORTS = ("recent", "popular", "longest")
LAYOUTS = ("list", "agents")
RANGES: Mapping[str, timedelta | None] = {
    "all": None,
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
_CHOICES: Mapping[str, tuple[str, ...]] = {"sort": SORTS, "time_range": tuple(RANGES), "layout": LAYOUTS}


@dataclass(frozen=True, slots=True)
class SessionSearch:
    """`search` is in the grammar of `grammar.parse`; `after` is the `next` of the page before."""

    search: str = ""
    tool: str = ""
    sort: str = "recent"
    time_range: str = "all"
    layout: str = "list"
    after: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        """Read query parameters; an unknown value means the default."""
        given = {field.name: query.get(field.name, "").strip() for field in fields(cls)}
        return cls(**{name: value for name, value in given.items() if value and value in _CHOICES.get(name, (value,))})

    def to_query(self, **changes: Any) -> str:
        """Return the query string without defaults. Any change but of `after` and `layout` leads to the first page."""
        is_other_list = bool(changes.keys() - {"after", "layout"})
        changed = replace(self, **({"after": ""} if is_other_list else {}) | changes)
        values = {field.name: (getattr(changed, field.name), field.default) for field in fields(changed)}
        return urlencode({name: value for name, (value, default) in values.items() if value != default})

    def query(self, now: datetime) -> Query:
        """Return the parsed search, with tool and time range as filters. Raises Malformed."""
        query = parse(self.search, now)
        chosen = (Filter("tool", self.tool),) if self.tool else ()
        span = RANGES[self.time_range]
        since = (Filter("after", now - span),) if span else ()
        return replace(query, filters=(*chosen, *since, *query.filters))
