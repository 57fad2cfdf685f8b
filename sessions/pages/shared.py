"""The page of a session as a link shows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.urls import reverse

from accounts.viewer import Viewer
from opensession.hail.model import Header
from sessions.lens import Lens
from sessions.models import ShareLink, Strand
from sessions.pages import timeline
from sessions.pages.detail import Relative, SessionDetailPage
from sessions.pages.facts import Fact
from sessions.pages.place import Place
from sessions.pages.texts import counted


class SharedPage(SessionDetailPage):
    """Has no address but those of the link, and shows nothing that the lens does not let through."""

    name = "shared"
    is_own = False
    can_be_reported = False
    fidelity = ""

    def __init__(
        self, link: ShareLink, lens: Lens, token: str, place: Place, now: datetime, target: int | None = None
    ) -> None:
        self.link, self.lens, self.token = link, lens, token
        # The search reads what is not redacted: it would tell, word by word, what stands behind the marks.
        super().__init__(lens.session(), replace(place, search=""), Viewer(), now, target)

    @property
    def url(self) -> str:
        return reverse("shared", args=[self.token])

    @property
    def raw_url(self) -> str:
        return reverse("shared-raw", args=[self.token]) if self.link.allows_download else ""

    @property
    def relatives(self) -> list[Relative]:
        return []

    @property
    def records(self) -> list[Fact]:
        return []

    @property
    def problem(self) -> str:
        # What exactly is wrong names the row and the body, and is for those who run the server.
        return "A part of this session cannot be read at the moment." if super().problem else ""

    @property
    def note(self) -> str:
        """What a reader should know of what they see."""
        hidden = len(self.link.hidden_turns)
        left_out = f" {counted(hidden, 'part')} left out by the person who shared it." if hidden else ""
        return f"Shared with you to read. Secrets and home folders are replaced.{left_out}"

    @property
    def _event_url(self) -> str:
        return reverse("shared-event", args=[self.token, self.strand.key, 0]).removesuffix("0")

    def _strands(self) -> list[Strand]:
        return [strand for strand in super()._strands() if self.lens.shows(strand)]

    def _seen(self, window: timeline.Window) -> timeline.Window:
        return replace(window, seen=list(self.lens.seen(self.strand, window.seen)))

    def _header(self, strand: Strand) -> Header:
        return self.lens.value(super()._header(strand))
