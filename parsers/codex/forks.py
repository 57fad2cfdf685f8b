"""The history that a fork copies in from its parent.

A rollout that was forked begins with its own `session_meta` and then holds a copy of the parent's lines, the parent's
`session_meta` among them. The copying begins right after the first line when that names `forked_from_id`, or at a
`session_meta` of another id that comes before anything happened. It ends, for good, at the first line of these:

- a `turn_context` or `task_started` whose turn id is not older than the session's own id. Both are UUIDs of version 7,
  which begin with the time, and a copy keeps its turn ids while its time stamps may be new ones;
- while no turn with such an id was copied (older rollouts have none): a line a second or more later than the first.
  Copying takes milliseconds, and copied time stamps are those of the copying or lie before it.

Each line is judged by itself and what came before, so a log can be cut and resumed anywhere in the copy.
"""

from __future__ import annotations

from parsers.codex.line import micros, turn_id
from parsers.codex.records import Payload, Record
from parsers.codex.state import State

PAUSE = 1_000_000


def end_if_own(state: State, record: Record, payload: Payload, at: str) -> None:
    """End the copy if this line belongs to the session itself."""
    if _is_own_turn(state, record, payload) or (not state.has_turns and micros(at) >= state.began + PAUSE):
        state.is_replaying = False
        # A prompt that repeats the parent's last one is no second copy of it.
        state.said.clear()
        state.compaction = None


def _is_own_turn(state: State, record: Record, payload: Payload) -> bool:
    if record.type != "turn_context" and payload.type != "task_started":
        return False
    turn, session = _milliseconds(turn_id(payload)), _milliseconds(state.id)
    if turn is None or session is None:
        return False
    state.has_turns = True
    return turn >= session


def _milliseconds(uuid: str | None) -> int | None:
    """Return the time in a UUID of version 7."""
    if not uuid or len(uuid) != 36 or uuid[14] != "7":
        return None
    try:
        return int(uuid[:8] + uuid[9:13], 16)
    except ValueError:
        return None
