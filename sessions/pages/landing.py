"""What a stranger sees first at a server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from accounts.viewer import Viewer
from sessions.pages.listing import Card, SessionListPage
from sessions.search import SessionSearch

RECENT = 6


class Goal(NamedTuple):
    id: str
    title: str
    summary: str
    proof: str


class Step(NamedTuple):
    name: str
    sentence: str


GOALS = (
    Goal(
        "capture",
        "Sessions are data that lasts",
        "Every agent writes its own kind of log. They are read into one open format, and kept.",
        "HAIL, one JSON object per line",
    ),
    Goal(
        "review",
        "See what really happened",
        "Read a session of any length as a timeline: what was said, run, read and changed.",
        "Search in everything said and done",
    ),
    Goal(
        "share",
        "Pass work on",
        "Publish a session, or keep it in git beside the code it is about, without its secrets.",
        "The branch opensession/sessions",
    ),
    Goal(
        "improve",
        "Learn from traces",
        "Where agents lose their way is the same for many. Public sessions show where.",
        "An open API over all of it",
    ),
)
STEPS = (
    Step("Record", "Work with your agents as you always do; their logs are enough."),
    Step("Inspect", "Follow a session while it runs, or find one of last year by a word."),
    Step("Share", "Publish what others can learn from, or hand it off to the next agent."),
    Step("Refine", "Change the prompt, the tool or the code where the trace points."),
)


class LandingPage:
    name = "landing"
    goals, steps = GOALS, STEPS

    def __init__(self, viewer: Viewer, now: datetime) -> None:
        self.sees_feed = viewer.sees_feed
        self._recent = SessionListPage(viewer, SessionSearch(), now, RECENT)

    @property
    def cards(self) -> Sequence[Card]:
        return self._recent.cards if self.sees_feed else ()
