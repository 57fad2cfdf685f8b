"""The list of sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from django.urls import reverse

from accounts.viewer import Viewer
from parsers.base import MAIN
from sessions.models import Session, Strand
from sessions.pages.facts import model_name, not_understood
from sessions.pages.kinds import Tool, tool_of
from sessions.pages.texts import age, compact, counted, duration, heading, plain
from sessions.search import Found, Part, SessionSearch, find
from sessions.search import Snippet as Passage
from sessions.search.find import PAGE

SORTS = (("recent", "Recent"), ("popular", "Most Messages"), ("longest", "Longest"))
RANGES = (("all", "All Time"), ("24h", "24h"), ("7d", "7d"), ("30d", "30d"))
LAYOUTS = (
    ("list", "List", "One chronological feed"),
    ("agents", "Agents", "Columns by the number of agents that worked at once"),
)
SUMMARIES = {
    "list": ("[List = one chronological feed]", "every session on its own line"),
    "agents": ("[Agents = grouped by max active agents]", "the busiest teams first"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a control: its label and the address that chooses it."""

    value: str
    label: str
    url: str
    is_current: bool
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Snippet:
    """Words around what a search found, and the event they stand in."""

    parts: Sequence[Part]
    url: str
    where: str


@dataclass(frozen=True, slots=True)
class Card:
    """A session in the list."""

    id: str
    url: str
    tool: Tool
    title: str
    place: str
    age: str
    moment: str
    model: str
    messages: str
    events: str
    changes: tuple[str, str] | None
    duration: str
    agents: int
    has_errors: bool
    not_understood: str
    snippets: tuple[Snippet, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """The sessions in which equally many agents worked at once."""

    label: str
    count: str
    style: str
    cards: tuple[Card, ...]


class SessionListPage:
    name = "list"

    def __init__(self, viewer: Viewer, search: SessionSearch, now: datetime, size: int = PAGE) -> None:
        self.viewer, self.search, self.now, self._size = viewer, search, now, size

    @cached_property
    def found(self) -> Found:
        return find(self.viewer, self.search, now=self.now, size=self._size)

    @cached_property
    def cards(self) -> list[Card]:
        passages, keys = self.found.snippets, self._keys
        return [
            _card(session, [_snippet(each, keys) for each in passages.get(session.pk, ())], self.now)
            for session in self.found.sessions
        ]

    @cached_property
    def _keys(self) -> dict[UUID, str]:
        """The keys of the strands that the passages come from."""
        strands = {each.hit.strand for passages in self.found.snippets.values() for each in passages}
        return dict(Strand.objects.filter(pk__in=strands).values_list("pk", "key")) if strands else {}

    @cached_property
    def columns(self) -> list[Column]:
        counts = sorted({card.agents for card in self.cards}, reverse=True)
        return [_column(place, count, self.cards) for place, count in enumerate(counts)]

    @property
    def is_columns(self) -> bool:
        return self.search.layout == "agents"

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing at all, so that the page says how to begin."""
        return not self.cards and not self.search.to_query(layout="list", sort="recent", after="")

    @property
    def problem(self) -> str:
        return self.found.problem or self.found.note

    @property
    def total(self) -> str:
        return f"{'about ' if self.found.total_is_estimate else ''}{self.found.total:,}"

    @property
    def summary(self) -> tuple[str, str]:
        return SUMMARIES[self.search.layout]

    @property
    def more(self) -> str:
        return _address(self.search.to_query(after=self.found.next)) if self.found.next else ""

    @property
    def url(self) -> str:
        return _address(self.search.to_query(after=""))

    def spells_out_defaults(self, query: Mapping[str, str]) -> bool:
        """Tell whether a query string says what goes without saying, as a form without scripts does."""
        kept = parse_qs(self.search.to_query())
        return any(field.name in query and field.name not in kept for field in fields(self.search))

    @property
    def ranges(self) -> list[Choice]:
        return [self._choice(time_range=value, label=label) for value, label in RANGES]

    @property
    def layouts(self) -> list[Choice]:
        return [self._choice(layout=value, label=label, hint=hint) for value, label, hint in LAYOUTS]

    @property
    def sorts(self) -> list[Choice]:
        return [self._choice(sort=value, label=label) for value, label in SORTS]

    @property
    def tools(self) -> list[Choice]:
        in_use = dict.fromkeys([*Session.objects.tools(), *([self.search.tool] if self.search.tool else [])])
        named = [("", "All Tools"), *((tool, tool_of(tool).label) for tool in in_use)]
        return [self._choice(tool=value, label=label) for value, label in named]

    def _choice(self, label: str, hint: str = "", **change: str) -> Choice:
        ((name, value),) = change.items()
        is_current = getattr(self.search, name) == value
        return Choice(value, label, _address(self.search.to_query(**change, after="")), is_current, hint)


def _address(query: str) -> str:
    return reverse("sessions") + (query if not query or query.startswith("?") else f"?{query}")


def _card(session: Session, snippets: Sequence[Snippet], now: datetime) -> Card:
    changed = (f"+{compact(session.lines_added)}", f"−{compact(session.lines_removed)}")
    return Card(
        id=str(session.pk),
        url=session.get_absolute_url(),
        tool=tool_of(session.tool),
        title=heading(session.title) or heading(session.description, 80) or "Untitled Session",
        place=heading(session.repo, 40),
        age=age(session.updated_at, now),
        moment=session.updated_at.isoformat(),
        model=model_name(session),
        messages=counted(session.message_count, "message"),
        events=counted(session.event_count, "event"),
        changes=changed if session.lines_added or session.lines_removed else None,
        duration=duration(session.duration_seconds),
        agents=max(1, session.max_active_agents),
        has_errors=session.has_errors,
        not_understood=not_understood(session),
        snippets=tuple(snippets),
    )


def _snippet(passage: Passage, keys: Mapping[UUID, str]) -> Snippet:
    hit = passage.hit
    url = reverse("event", args=[hit.session, keys.get(hit.strand, MAIN), hit.number])
    parts = tuple(Part(plain(part.text), part.is_match) for part in passage.parts)
    return Snippet(parts, f"{url}?{urlencode({'id': passage.event_id})}", f"#{hit.number + 1:,}")


def _column(place: int, agents: int, cards: Sequence[Card]) -> Column:
    own = tuple(card for card in cards if card.agents == agents)
    return Column(counted(agents, "agent"), str(len(own)), f"column-{min(place, 4)}", own)
