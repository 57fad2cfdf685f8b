"""What waits for the agent at the end of a session: the last request without an answer, and a turn that was aborted."""

from __future__ import annotations

from handoff.claims import Stated, stated
from handoff.uncertainty import ABORTED, ANSWERED
from opensession.hail.actions import AgentMessage, Custom, UserMessage
from opensession.hail.extract import collapse, truncate, usable, user_text
from opensession.hail.model import Event

REQUEST_BYTES = 160


class Waiting:
    """Keeps what came after the last words of the agent. Subagents talk to the agent, not to the user."""

    kinds = (UserMessage, AgentMessage, Custom)

    def __init__(self) -> None:
        self._request: Event | None = None
        self._aborted: Event | None = None

    def see(self, event: Event) -> None:
        if event.attributes.get("merged_subagent"):
            return
        match event.action:
            case UserMessage():
                self._ask(event)
            case Custom(kind=kind):
                self._abort(event, kind)
            case _ if user_text(event):
                self._request = self._aborted = None

    def _ask(self, event: Event) -> None:
        if user_text(event) and usable(event.attributes, "source") != ANSWERED:
            self._request = event

    def _abort(self, event: Event, kind: str) -> None:
        if kind == ABORTED:
            self._aborted = event

    def statements(self) -> tuple[Stated, ...]:
        aborted, request = self._aborted, self._request
        return (*((_go_on(aborted),) if aborted else ()), *((_answer(request),) if request else ()))


def _go_on(aborted: Event) -> Stated:
    reason = usable(aborted.attributes, "reason")
    why = f" ({reason})" if reason else ""
    return stated(f"Go on with the turn that was aborted{why}.", aborted.event_id)


def _answer(request: Event) -> Stated:
    words = truncate(collapse(user_text(request)), REQUEST_BYTES)
    return stated(f"Answer the last request, which has no answer yet: {words}", request.event_id)
