"""The page of one session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from django.db.models import Q
from django.urls import reverse

from accounts.viewer import Viewer
from opensession.hail.model import Event, Header
from parsers.base import MAIN
from sessions import bodies, fidelity, search
from sessions.access import owns
from sessions.models import Session, Strand
from sessions.pages import facts, layout, marks, rows, timeline
from sessions.pages.blocks import FOUND, FULL, PAGE, Room
from sessions.pages.facts import Fact
from sessions.pages.head import SessionHead
from sessions.pages.kinds import GROUPS, grouped
from sessions.pages.place import Place
from sessions.pages.rows import Lane, Row
from sessions.pages.separators import separated
from sessions.pages.texts import counted, heading


class NoStrand(Exception):
    """The session has no thread of that name."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A button that shows or hides a group of event types."""

    key: str
    label: str
    count: int
    is_on: bool
    hide: str


@dataclass(frozen=True, slots=True)
class Thread:
    """A strand as the page lists it."""

    title: str
    facts: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Relative:
    """A session that started this one, or was started by it."""

    relation: str
    title: str
    url: str


class SessionDetailPage(SessionHead):
    """Everything that the page and its parts show, each worked out when it is asked for."""

    name = "detail"

    def __init__(
        self, session: Session, place: Place, viewer: Viewer, now: datetime, target: int | None = None
    ) -> None:
        self.session, self.viewer, self.now, self.target = session, viewer, now, target
        self.strands = self._strands()
        self.strand = self._chosen(place.strand)
        self.place = replace(place, strand=self.strand.key)

    @property
    def url(self) -> str:
        return reverse("session", args=[self.session.pk])

    @property
    def raw_url(self) -> str:
        """The address of the session as a file, where there is one."""
        return reverse("raw", args=[self.session.pk])

    @property
    def is_own(self) -> bool:
        return owns(self.viewer, self.session)

    @property
    def can_be_reported(self) -> bool:
        return self.session.origin == Session.Origin.UPLOADED and not self.is_own

    @property
    def visibilities(self) -> list[tuple[str, str]]:
        """What an owner can choose from. What was indexed is for the operator alone."""
        return Session.Visibility.choices if self.session.origin == Session.Origin.UPLOADED else []

    def _strands(self) -> list[Strand]:
        stored = self.session.strands.filter(is_live=True)
        return list(stored.defer("state", "tally", "tail", "shapes").order_by("key"))

    def _chosen(self, key: str) -> Strand:
        by_key = {strand.key: strand for strand in self.strands}
        chosen = by_key.get(key) if key else by_key.get(MAIN) or next(iter(self.strands), None)
        if chosen is None:
            raise NoStrand(key)
        return chosen

    @cached_property
    def facts(self) -> tuple[facts.Fact, ...]:
        return facts.about(self.session)

    @cached_property
    def fidelity(self) -> str:
        return facts.fidelity(self.session)

    @cached_property
    def records(self) -> list[Fact]:
        return facts.records(fidelity.kinds(self.strands))

    @cached_property
    def tags(self) -> list[str]:
        return [heading(str(tag), 40) for tag in self.session.tags[:20]]

    @cached_property
    def flow(self) -> tuple[layout.FlowPath, ...]:
        return layout.flow(self.strand)

    @property
    def flow_url(self) -> str:
        """The address of a window, but for the number of its first event."""
        return self.url + _with(self.place.query(first=0, before=None), "from=")

    @property
    def is_backward(self) -> bool:
        return self.place.before is not None

    @property
    def thread_title(self) -> str:
        return self._thread(self.strand).title

    @property
    def flow_width(self) -> int:
        return max(1, min(sum(path.count for path in self.flow), layout.COLUMNS))

    @cached_property
    def filters(self) -> list[Filter]:
        counts = grouped(layout.kinds(self.strand))
        hidden = self.place.hidden
        return [
            Filter(group.key, group.label, counts[group.key], group.key not in hidden, _toggled(hidden, group.key))
            for group in GROUPS
        ]

    @cached_property
    def threads(self) -> list[Thread]:
        """The threads of the session, when there are several; the main one first."""
        if len(self.strands) < 2:
            return []
        ordered = sorted(self.strands, key=lambda strand: strand.key != MAIN)
        return [self._thread(strand) for strand in ordered]

    @cached_property
    def relatives(self) -> list[Relative]:
        """The session that started this one, and those that this one started."""
        session = self.session
        is_near = Q(parent=session) | Q(pk=session.parent_id)
        near = Session.objects.visible_to(self.viewer).filter(is_near).order_by("created_at")[:50]
        return [_relative(each, "Started by" if each.pk == session.parent_id else "Started") for each in near]

    @cached_property
    def matches(self) -> list[int] | None:
        """The numbers of the events that a search in the session found; None without a search."""
        return search.events_matching(self.strand, self.place.search) if self.place.search else None

    @property
    def search_problem(self) -> str:
        return marks.problem(self.place.search)

    @cached_property
    def wanted(self) -> timeline.Wanted | None:
        if self.matches is not None:
            return timeline.ByNumber(frozenset(self.matches), self.place.hidden)
        return timeline.ByGroup(self.place.hidden) if self.place.hidden else None

    @cached_property
    def window(self) -> timeline.Window:
        return self._opened[0]

    @property
    def problem(self) -> str:
        """What is wrong with the stored events, if anything."""
        return self._opened[1]

    @cached_property
    def _opened(self) -> tuple[timeline.Window, str]:
        try:
            return self._seen(self._window()), ""
        except bodies.BodyMissing as error:
            return timeline.Window(0, self.strand.events, []), str(error)

    def _window(self) -> timeline.Window:
        place, strand = self.place, self.strand
        if place.before is None:
            return timeline.forward(strand, place.first, self.wanted)
        return timeline.backward(strand, strand.events if place.before == -1 else place.before, self.wanted)

    def _seen(self, window: timeline.Window) -> timeline.Window:
        return window

    @cached_property
    def rows(self) -> list[Row]:
        found = list(self._rows())
        return marks.marked_rows(found, self._room.words) if self.place.search else rows.quiet(list(separated(found)))

    @property
    def target_row(self) -> Row | None:
        return next((row for row in self.rows if row.is_target), None)

    @property
    def earlier(self) -> str:
        """The address of the window before this one, if there is one."""
        first = self.window.first
        if not timeline.has_wanted(self.strand, self.wanted, 0, first):
            return ""
        return self.url + self.place.query(first=0, before=first)

    @property
    def later(self) -> str:
        stop = self.window.stop
        if not timeline.has_wanted(self.strand, self.wanted, stop, self.strand.events):
            return ""
        return self.url + self.place.query(first=stop, before=None)

    @property
    def end(self) -> str:
        """The address of the last window, unless this is the last."""
        return self.url + self.place.query(first=0, before=-1) if self.later else ""

    @property
    def start(self) -> str:
        return self.url + self.place.query(first=0, before=None) if self.earlier else ""

    @property
    def live(self) -> str:
        """Where to ask for what is new: from a little before the end on, as results belong into their calls."""
        if self.matches is not None:
            return ""
        # What is not read to the end yet is reached through `later`; then only the totals are asked for.
        first = self.window.stop if self.later else self._last_settled
        return self.url + _with(self.place.query(first=first, before=None), "part=live")

    @property
    def _last_settled(self) -> int:
        """The number of the last row whose result, if it is to have one, is not awaited any more."""
        settled = self.window.stop - timeline.LOOK_AROUND
        return max((row.number for row in self.rows if row.number <= settled), default=self.window.first)

    @property
    def has_window_line(self) -> bool:
        """Tell whether the page says which events it shows; the windows that are loaded later go on with that."""
        return self.matches is None and bool(self.rows or self.earlier or self.later)

    @property
    def first_shown(self) -> str:
        return f"{min(self.window.first + 1, self.strand.events):,}"

    @property
    def last_shown(self) -> str:
        return f"{self.window.stop:,} of {counted(self.strand.events, 'event')}"

    def _rows(self) -> Iterator[Row]:
        window = self.window
        answers = window.answers() if self.matches is None else {}
        # Read calmly: a result stands inside its call and has no row of its own, unless its call is far away.
        folded = {number for number, _ in answers.values()}
        for number, event in window.seen:
            if window.first <= number < window.stop and number not in folded and self._is_wanted(number, event):
                yield self._row(number, event, answers.get(number))

    def _is_wanted(self, number: int, event: Event) -> bool:
        return self.wanted is None or self.wanted.event(number, event)

    def _row(self, number: int, event: Event, answer: timeline.Numbered | None) -> Row:
        is_target = self.target is not None and self.target in (number, answer and answer[0])
        room = FULL if is_target else self._room
        row = rows.row(number, event, self.strand.key, f"{self._event_url}{number}", room)
        lane = self._lane(event)
        if answer:
            row = rows.with_result(row, answer[1], room, as_prose=lane is not None)
        return replace(row, lane=lane, is_target=is_target, is_open=is_target) if lane or is_target else row

    @cached_property
    def _room(self) -> Room:
        """How much a row may show. What was searched for should be in sight, and there are many matches."""
        return replace(FOUND, words=marks.words_of(self.place.search)) if self.place.search else PAGE

    @cached_property
    def _event_url(self) -> str:
        """The address of an event of this strand, but for its number: there are many on a page."""
        return reverse("event", args=[self.session.pk, self.strand.key, 0]).removesuffix("0")

    def _lane(self, event: Event) -> Lane | None:
        key = event.attributes.get("subagent_id")
        strand = next((each for each in self.strands if each.key == key), None)
        if strand is None:
            return None
        thread = self._thread(strand)
        return Lane(thread.title, thread.facts, thread.url, f"{thread.url}&part=lane")

    def _thread(self, strand: Strand) -> Thread:
        header = self._header(strand)
        is_main = strand.key == MAIN
        title = "Main thread" if is_main else heading(header.context.title or strand.key, 90)
        words = counted(strand.events, "event")
        model = "" if header.agent.model == "unknown" else f" · {heading(header.agent.model, 40)}"
        url = self.url + Place(strand=strand.key).query()
        return Thread(title, words + model, url, strand.pk == self.strand.pk)

    def _header(self, strand: Strand) -> Header:
        return bodies.header(strand)


def _relative(session: Session, relation: str) -> Relative:
    return Relative(relation, heading(session.title, 90) or "Untitled Session", session.get_absolute_url())


def _with(query: str, more: str) -> str:
    return f"{query}&{more}" if query else f"?{more}"


def _toggled(hidden: str, key: str) -> str:
    return hidden.replace(key, "") if key in hidden else timeline.hidden_keys(hidden + key)
