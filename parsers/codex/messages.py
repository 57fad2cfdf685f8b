"""What user and agent said. Newer rollouts log most messages twice: as an item for the model and as an event message.

The event message is the better copy. Whichever comes second within 12 seconds loses, except that an event message
takes the place of earlier items. Only the messages of the last 13 seconds are compared, so with time running backwards
a repetition further back stays.
"""

from __future__ import annotations

import re
from typing import Any

from opensession.hail.actions import AgentMessage, UserMessage
from opensession.hail.model import text
from parsers.codex.line import DESKTOP, Line, micros, source
from parsers.codex.state import MAX_SAID, Said

EVENT, FALLBACK = "event_msg", "response_fallback"

SECOND = 1_000_000
OTHER_SOURCE, SAME_SOURCE = 12, 2
"""Whole seconds, truncated, within which equivalent messages are one."""

LONG_ENOUGH = 16
"""Characters from which on a message that contains another is the same one."""

_ATTACHMENT = re.compile(r"^\s*(?:<(?:image|file|audio|video)>|\[(?:image|file)\])\s*$", re.MULTILINE)

INJECTED_TAGS = tuple(
    f"<{slash}{name}>" for name in ("instructions", "environment_context", "turn_aborted") for slash in ("", "/")
)

TITLE = 80


def user_said(line: Line, words: str, origin: str | None) -> None:
    """Emit a user message unless it is a repetition, and let the first one be the title."""
    learn_prompt(line, words, is_best=origin != FALLBACK)
    _say(line, words, origin, by_user=True)


def agent_said(line: Line, words: str, origin: str | None) -> None:
    """Emit an agent message unless it is a repetition."""
    _say(line, words, origin, by_user=False)


def learn_prompt(line: Line, words: str, *, is_best: bool) -> None:
    """Take the first user text as the title; an item's or a forked parent's only for want of a better one."""
    state = line.state
    if state.is_replaying:
        state.parent_prompt = state.parent_prompt or title(words)
    elif is_best:
        state.prompt = state.prompt or title(words)
    else:
        state.fallback_prompt = state.fallback_prompt or title(words)


def title(words: str) -> str:
    return words if len(words) <= TITLE else f"{words[: TITLE - 3]}..."


def is_injected(words: str) -> bool:
    """Tell whether the harness wrote this text in the user's name."""
    lowered = words.lower()
    if lowered.startswith("# agents.md instructions") or lowered.strip() == "agents.md instructions":
        return True
    if "apply_patch was requested via exec_command" in lowered and "use the apply_patch tool instead" in lowered:
        return True
    return any(tag in lowered for tag in INJECTED_TAGS)


def _say(line: Line, words: str, origin: str | None, *, by_user: bool) -> None:
    action = UserMessage() if by_user else AgentMessage()
    if origin is None:
        line.emit(action, text(words))
        return
    heard = Said(0, by_user, origin == FALLBACK, micros(line.at), words)
    _forget(line.state.said, heard.at)
    copies = [earlier for earlier in line.state.said if _is_copy(heard, earlier)]
    if copies and not heard.is_fallback:
        copies = _without_fallbacks(line, copies)
    if not any(_outranks(earlier, heard) for earlier in copies):
        heard.number = line.emit(action, text(words), source(DESKTOP, origin, source=origin))
        line.state.said.append(heard)


def _forget(said: list[Said], now: int) -> None:
    horizon = now - (OTHER_SOURCE + 1) * SECOND
    if said and (said[0].at <= horizon or len(said) >= MAX_SAID):
        said[:] = [earlier for earlier in said if earlier.at > horizon][1 - MAX_SAID :]


def _is_copy(heard: Said, earlier: Said) -> bool:
    """Tell whether both are the same message as far as kind, text and the longer of the two spans go."""
    if heard.by_user != earlier.by_user or abs(heard.at - earlier.at) // SECOND > OTHER_SOURCE:
        return False
    if heard.words == earlier.words and heard.is_plain == earlier.is_plain:
        return True
    return _are_equivalent(_plain(heard), _plain(earlier))


def _plain(said: Said) -> str:
    """Return the normalised text. Most copies are the same to the letter, so it is made only when asked for."""
    if not said.is_plain:
        said.words, said.is_plain = normalised(said.words), True
    return said.words


def _are_equivalent(one: str, other: str) -> bool:
    shorter, longer = (one, other) if len(one) <= len(other) else (other, one)
    return one == other or (len(shorter) >= LONG_ENOUGH and shorter in longer)


def _without_fallbacks(line: Line, copies: list[Said]) -> list[Said]:
    """Drop the copies that are items, and return the others."""
    for earlier in copies:
        if earlier.is_fallback:
            line.state.said.remove(earlier)
            line.amend(earlier.number, _taken_away(earlier), dropped=True)
    return [earlier for earlier in copies if not earlier.is_fallback]


def _taken_away(said: Said) -> dict[str, int]:
    totals = {"event_count": -1, "message_count": -1}
    return {**totals, "user_message_count": -1} if said.by_user else totals


def _outranks(earlier: Said, heard: Said) -> bool:
    """Tell whether the earlier copy stays; one of the same source only when it came just now."""
    return earlier.is_fallback != heard.is_fallback or abs(heard.at - earlier.at) // SECOND <= SAME_SOURCE


def normalised(words: str) -> str:
    """Return what makes two logged copies of a message the same: no case, no spacing, no marks for attachments."""
    lowered = words.lower()
    if "<" in lowered or "[" in lowered:
        lowered = _ATTACHMENT.sub("", lowered)
    return " ".join(lowered.split())


def spoken(content: Any) -> str:
    """Return the text of a message item: its texts, trimmed, one per line."""
    if isinstance(content, str):
        return content.strip()
    parts = content if isinstance(content, list) else []
    texts = (part.get("text") if isinstance(part, dict) else part for part in parts)
    return "\n".join(words for text in texts if isinstance(text, str) and (words := text.strip()))
