"""How a session begins that goes on from another: with the handoff, then with the last turns."""

from __future__ import annotations

from handoff.native.turns import AGENT, USER, Turn, Turns

AGREED = "I have read the handoff. I go on from there."


def opening(objective: str, origin: str, handoff: str, told: Turns) -> tuple[Turn, ...]:
    """Return the turns of the new session, the user's and the agent's one after the other. It begins with the user.

    The objective stands first, so that it is the objective of the new session too, and of what goes on from that.
    """
    words = f"{objective}\n\nThis session goes on from {origin}. Here is its handoff.\n\n{handoff}"
    if not told.last:
        return (Turn(USER, words),)
    left = "Earlier turns are left out. " if told.is_cut else ""
    words += f"\n\n{left}The last turns follow; what was called is written out as text."
    first = told.last[0]
    if first.role == USER:
        return (Turn(USER, words), Turn(AGENT, AGREED), *told.last)
    return (Turn(USER, words), *told.last)
