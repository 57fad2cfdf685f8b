"""What the top of a page says of a session."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from sessions.models import Session
from sessions.pages import facts
from sessions.pages.kinds import Tool, tool_of
from sessions.pages.texts import heading


class SessionHead:
    """Its title, its tool and the facts beside them, as of `now`."""

    session: Session
    now: datetime

    @cached_property
    def title(self) -> str:
        return heading(self.session.title) or "Untitled Session"

    @cached_property
    def tool(self) -> Tool:
        return tool_of(self.session.tool)

    @cached_property
    def chips(self) -> tuple[facts.Fact, ...]:
        return facts.chips(self.session, self.now)
