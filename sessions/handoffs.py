"""Stored sessions as handoffs: the one joint between `sessions` and `handoff`."""

from __future__ import annotations

from handoff.model import Summary
from handoff.summary import summarise
from opensession.hail.model import Stats
from sessions import bodies
from sessions.models import Session


class NoSession(Exception):
    """There is nothing to hand off."""


def latest() -> Session:
    """Return the session that ended last on this machine. Raises NoSession."""
    session: Session | None = Session.objects.filter(origin="indexed").primary().recent().first()
    if session is None:
        raise NoSession("no session is indexed yet; work with an agent, then run `manage.py index`")
    return session


def summary_of(session: Session) -> Summary:
    return summarise(bodies.session_header(session), bodies.merged(session), _stats(session))


def _stats(session: Session) -> Stats:
    return Stats(
        event_count=session.event_count,
        message_count=session.message_count,
        tool_call_count=session.tool_call_count,
        task_count=session.task_count,
        duration_seconds=session.duration_seconds,
        total_input_tokens=session.input_tokens,
        total_output_tokens=session.output_tokens,
        user_message_count=session.user_message_count,
        files_changed=session.files_changed,
        lines_added=session.lines_added,
        lines_removed=session.lines_removed,
    )
