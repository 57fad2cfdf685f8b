"""How the two records of a task fit together: the history that the model was sent, and what the screen showed.

The history holds calls and results whole, but it loses what was condensed, cut off or interrupted, and it tells no
thoughts and no tokens. The screen holds these. A *turn* of the screen is a request to the model and all up to the next.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from msgspec import Struct, field

from opensession.hail import times
from parsers.cline.pieces import RESUMED
from parsers.fields import items, moment, number, text

Entry = dict[str, Any]
Message = dict[str, Any]

REQUEST = "api_req_started"
ASKED = frozenset({"user_feedback", "user_feedback_diff"})
"""What the user said goes to the model with the next request."""


def kind_of(entry: Entry) -> str:
    return text(entry, text(entry, "type")) or text(entry, "say", "ask") or "no kind"


class Turn(Struct):
    """A request: what the user said `before` it, and the request itself with what came of it."""

    before: list[Entry] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)


class Plan(Struct):
    """Which entries of the screen are told before each message, or at the end, and which go along with it.

    `times` holds the time of each message, empty where nothing tells it; `said` keys of its own times, in order.
    """

    times: list[str]
    said: list[str]
    before: dict[int, list[Entry]] = field(default_factory=dict)
    along: dict[int, list[Entry]] = field(default_factory=dict)


def planned(messages: Sequence[Message], screen: Sequence[Entry]) -> Plan:
    """Return how the screen's entries fit between the messages."""
    spans = _spans(messages, screen)
    plan = Plan(_times(messages, screen), _said(messages))
    every = turns(screen)
    if messages and every[0].before:  # What was shown first is the task, which the first message tells.
        plan.along[0] = [every[0].before.pop(0)]
    for turn, (start, end) in zip(every, spans, strict=True):
        user = _first(messages, "user", start, end)
        agent = _first(messages, "assistant", start, end)
        if user is None:
            plan.before.setdefault(start, []).extend(turn.before)
        answered = 0 if agent is None else _answered(turn.entries, plan.said, agent)
        if agent is not None:
            plan.along.setdefault(agent, []).extend(turn.entries[:answered])
            start = agent + 1
        for entry in turn.entries[answered:]:
            plan.before.setdefault(_place(entry, plan.said, start, end), []).append(entry)
    return plan


def resumed(messages: Sequence[Message], screen: Sequence[Entry]) -> list[Message]:
    """Return the messages with the first one in two, where a task was resumed before anybody had answered.

    Its second part was said later, at the time that the message tells. The first was shown first of all.
    """
    first = messages[0] if messages else {}
    blocks = items(first, "content")
    cut = next((at for at, block in enumerate(blocks) if text(block, "text").lstrip().startswith(RESUMED)), 0)
    time = screen[0].get("ts") if screen else None
    if not cut or not time:
        return list(messages)
    return [first | {"content": blocks[:cut], "ts": time}, first | {"content": blocks[cut:]}, *messages[1:]]


def turns(screen: Sequence[Entry]) -> list[Turn]:
    """Return the turns in order. What was said first is the task; what was said last may have no request yet."""
    found: list[Turn] = []
    asked: list[Entry] = []
    for at, entry in enumerate(screen):
        kind = kind_of(entry)
        if kind == REQUEST:
            found.append(Turn(asked, [entry]))
            asked = []
        elif at == 0 or not found or kind in ASKED:
            asked.append(entry)
        else:
            found[-1].entries.append(entry)
    return [*found, Turn(asked)]


def _first(messages: Sequence[Message], role: str, start: int, end: int) -> int | None:
    """Return the first message of a role; a summary is none of the agent's answers."""
    every = (at for at in range(start, end) if messages[at].get("role") == role)
    return next((at for at in every if messages[at].get("isSummary") is not True), None)


def _spans(messages: Sequence[Message], screen: Sequence[Entry]) -> list[tuple[int, int]]:
    """Return for each turn the range of messages that belong to it; empty where the history has none."""
    requests = [entry for entry in screen if kind_of(entry) == REQUEST]
    size = len(messages)
    if any(moment(message, "ts", "timestamp") for message in messages):
        starts = _by_time(messages, requests)
    elif any("conversationHistoryIndex" in entry for entry in requests):
        starts = [min(max(_index(entry) + 1, 0), size) for entry in requests]
    else:
        users = [at for at, message in enumerate(messages) if message.get("role") == "user"]
        starts = [users[at] if at < len(users) else size for at in range(len(requests))]
    starts = list(accumulate(starts, max))
    ends = [*starts[1:], size]
    return [*zip(starts, ends, strict=False), (size, size)]


def _by_time(messages: Sequence[Message], requests: Sequence[Entry]) -> list[int]:
    said = _said(messages)
    return [bisect_left(said, _key(request)) for request in requests]


def _said(messages: Sequence[Message]) -> list[str]:
    return list(accumulate((_key(message) for message in messages), max))


def _answered(entries: Sequence[Entry], said: list[str], agent: int) -> int:
    """Return how many entries belong to the answer that the history has.

    If the agent thought or spoke once more behind it, that was interrupted, and neither history nor request are left.
    """
    answer = said[agent]
    for at, entry in enumerate(entries):
        is_later = _key(entry) > answer if answer else "conversationHistoryIndex" in entry and _index(entry) >= agent
        if is_later and kind_of(entry) in ("reasoning", "text") and text(entry, "text"):
            return at
    return len(entries)


def _place(entry: Entry, said: list[str], start: int, end: int) -> int:
    """Return before which message of its turn an entry was shown: the last ones where no times tell."""
    return min(max(bisect_right(said, _key(entry)), start), end) if said and said[-1] else end


def _key(record: Message) -> str:
    time = moment(record, "ts", "timestamp")
    return times.key(time) if time else ""


def _index(entry: Entry) -> int:
    """Return the number of the last message of the history when the entry was shown."""
    found = number(entry, "conversationHistoryIndex")
    return -1 if found is None else max(-1, min(found, 1 << 31))


def _times(messages: Sequence[Message], screen: Sequence[Entry]) -> list[str]:
    """Return the time of each message: its own, or that of the first thing that was shown after the one before it.

    The first message is written anew whenever the task is resumed, but the task was said at the beginning.
    """
    shown: dict[int, str] = {}
    for entry in screen:
        if "conversationHistoryIndex" in entry and (time := moment(entry, "ts")):
            shown.setdefault(_index(entry) + 1, time)
    found = [moment(message, "ts", "timestamp") or shown.get(at, "") for at, message in enumerate(messages)]
    if found and found[0] and screen and (first := moment(screen[0], "ts")):
        found[0] = min(found[0], first, key=times.key)
    return found
