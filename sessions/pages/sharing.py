"""The page on which an owner makes and revokes links to a session, and sees what redaction does to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.urls import reverse

from parsers.base import MAIN
from sessions import bodies, turns
from sessions.forms import ShareForm
from sessions.lens import redactor
from sessions.models import Session, ShareLink, Strand
from sessions.pages.texts import age, counted, heading, one_line, plain
from sessions.sharing import hidden_ranges
from sessions.turns import Finding, Part, Turn


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link as its owner sees it: never with its token, which nobody has any more."""

    pk: str
    made: str
    ends: str
    views: str
    facts: str
    revoke_url: str


@dataclass(frozen=True, slots=True)
class Place:
    """Something that would be replaced."""

    url: str
    number: str
    rules: str
    context: str


@dataclass(frozen=True, slots=True)
class TurnRow:
    """A turn with its tick box, for which a turn that began on the page before has no `key`."""

    key: str
    url: str
    number: str
    words: str
    count: str
    is_left_out: bool
    places: Sequence[Place]


@dataclass(frozen=True, slots=True)
class Step:
    """A button that shows another part of the preview."""

    label: str
    value: str


class SharePage:
    """`start` is the first event of the part that is previewed, `left_out` are the turns that are ticked."""

    name = "share"
    token = ""

    def __init__(self, session: Session, form: ShareForm, strand: str, start: int, now: datetime) -> None:
        self.session, self.form, self.now = session, form, now
        self.start, self.left_out = start, form.left_out
        self.strands = list(session.strands.filter(is_live=True).only("key", "events", "body", "session_id"))
        self.strand: Strand | None = next((each for each in self.strands if each.key == (strand or MAIN)), None)

    @cached_property
    def title(self) -> str:
        return heading(self.session.title, 90) or "Untitled Session"

    @cached_property
    def url(self) -> str:
        return reverse("share", args=[self.session.pk])

    @cached_property
    def links(self) -> list[LinkRow]:
        live = ShareLink.objects.live(self.now).filter(session=self.session).order_by("-created_at")
        return [self._link(each) for each in live[:100]]

    @cached_property
    def part(self) -> Part | None:
        return self._read[0]

    @property
    def problem(self) -> str:
        return self._read[1]

    @property
    def span(self) -> str:
        part = self.part
        return f"Events {part.first + 1:,}–{part.stop:,} of {part.total:,}" if part and part.total else "No events"

    @property
    def counts(self) -> list[tuple[str, int]]:
        return sorted(self.part.counts.items()) if self.part else []

    @property
    def is_cut(self) -> bool:
        """Whether more is replaced in this part than is listed."""
        return self.part is not None and self.part.named == turns.FINDINGS

    @property
    def turns(self) -> list[TurnRow]:
        return [self._turn(each) for each in self.part.turns] if self.part else []

    @property
    def elsewhere(self) -> list[str]:
        """The ticked turns that this part does not show."""
        shown = {row.key for row in self.turns}
        return [key for key in self.left_out if key not in shown]

    @property
    def steps(self) -> Iterator[Step]:
        """The other parts and threads."""
        if self.part and self.strand and self.part.first:
            yield Step("From the start", f"{self.strand.key}.0")
        if self.part and self.strand and self.part.stop < self.part.total:
            yield Step("Preview the next events", f"{self.strand.key}.{self.part.stop}")
        for each in self.strands[:50]:
            if each != self.strand:
                label = "Main thread" if each.key == MAIN else f"Thread {one_line(each.key, 40)}"
                yield Step(label, f"{each.key}.0")

    @cached_property
    def _read(self) -> tuple[Part | None, str]:
        if self.strand is None:
            return None, "There is no such thread."
        try:
            return turns.preview(self.strand, self.start, redactor()), ""
        except bodies.BodyMissing as error:
            return None, str(error)

    def _turn(self, turn: Turn) -> TurnRow:
        key = f"{self._key}.{turn.number}" if turn.is_whole else ""
        return TurnRow(
            key=key,
            url=self._event_url(turn.number),
            number=f"#{turn.number + 1:,}",
            words=one_line(turn.words, 160) or ("Before the first message" if turn.is_whole else "The turn before, on"),
            count=f"{turn.count:,} replaced" if turn.count else "",
            is_left_out=key in self.left_out,
            places=[self._place(each) for each in turn.findings],
        )

    def _place(self, finding: Finding) -> Place:
        context = plain(" ".join(finding.context.split()))
        return Place(self._event_url(finding.number), f"#{finding.number + 1:,}", finding.rules, context)

    @property
    def _key(self) -> str:
        return self.strand.key if self.strand else MAIN

    def _event_url(self, number: int) -> str:
        return reverse("event", args=[self.session.pk, self._key, number])

    def _link(self, link: ShareLink) -> LinkRow:
        alive = {strand.pk for strand in self.strands}
        is_stale = any(each.strand not in alive for each in hidden_ranges(link))
        facts = [
            "password" if link.password else "",
            "download" if link.allows_download else "",
            f"{counted(len(link.hidden_turns), 'part')} left out" if link.hidden_turns else "",
            "stopped: the session was read anew" if is_stale else "",
        ]
        seen = f", last {age(link.viewed_at, self.now)}" if link.viewed_at else ""
        return LinkRow(
            pk=str(link.pk),
            made=age(link.created_at, self.now),
            ends=f"{link.expires_at:%Y-%m-%d %H:%M} UTC" if link.expires_at else "never",
            views=counted(link.view_count, "view") + seen,
            facts=", ".join(filter(None, facts)),
            revoke_url=reverse("revoke", args=[self.session.pk, link.pk]),
        )
