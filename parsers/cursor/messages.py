"""Messages as Cursor's agent exchanges them with a model: in its transcripts, and in the chats of its CLI."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from opensession.hail import times
from parsers.cursor.tools import made_by, told_by
from parsers.fields import joined, placeholder, text
from parsers.transcript import At, Transcript

HIDDEN = "[REDACTED]"
"""What stands in a transcript for reasoning that must not be shown."""

_QUERY = "user_query"
_TIME = "timestamp"
_WRAPPER = re.compile(
    r"\s*<(rules|timestamp|attached_files|[a-z_]{1,40}_(?:context|info|files|data|status|layout|reminder|skills|rules|"
    r"transcripts|instructions|selection|messages?|servers?|folders?|changes|errors|editor|state))>"
).match
_CLOCK = re.compile(
    r"(?:\w+, )?(\w{3}) (\d{1,2}), (\d{4}), (\d{1,2}):(\d\d) (AM|PM) \(UTC([+-]\d{1,2})?(?::(\d\d))?\)", re.ASCII
).fullmatch
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WORKSPACE = re.compile(r"^Workspace Path: (.{1,4096})$", re.MULTILINE).search
_EXIT_CODE = re.compile(r"Exit code: (-?\d{1,9})\b", re.ASCII).match

Block = dict[str, Any]


class Talk:
    """Writes messages to a transcript, block by block."""

    def __init__(self, to: Transcript) -> None:
        self._to = to

    def write(self, role: str, content: Any, at: At, native: str = "") -> None:
        """Write the message of a role. One without an event is counted as ignored, and so is a role that is hidden."""
        made, skipped = self._to.facts.made, sum(self._to.out.skipped.values())
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if role == "user":
            self._user([block for block in _list(blocks) if not _is_result(block)], at, native)
        if role not in ("user", "assistant", "tool"):
            (self._to.out.ignore if role == "system" else self._to.out.skip)(role or "no role")
            return
        for place, block in enumerate(_list(blocks), 1):
            if role != "user" or _is_result(block):
                self._block(block, at, native and f"{native}-{place}")
        if self._to.facts.made == made and sum(self._to.out.skipped.values()) == skipped:
            self._to.out.ignore(role)

    def _block(self, block: Any, at: At, id: str) -> None:
        kind = text(block, "type") or "no type"
        at = replace(at, raw=f"{at.raw}:{kind}")
        if handler := _HANDLERS.get(kind):
            handler(block, at, id, self._to)
        elif words := text(block, "text") or (placeholder(block) if isinstance(block, dict) else ""):
            self._to.agent(words, at, id)
        else:
            self._to.out.skip(f"block:{kind}")

    def _user(self, blocks: list[Any], at: At, native: str) -> None:
        """Take apart what the user typed, and what Cursor put around it."""
        clock, words = _cut(joined([block for block in blocks if text(block, "text")]), _TIME)
        told = time_of(clock)
        at = replace(at, time=told) if told and not at.time else at
        if found := _WORKSPACE(words):
            self._to.facts.learn(cwd=found[1].strip())
        typed, context = _cut(words, _QUERY)
        if not typed:
            typed, context = _unwrapped(context)
        self._to.system(context, at, native and f"{native}-context")
        self._to.facts.learn(said=typed)
        pictures = joined([block for block in blocks if not text(block, "text")])
        self._to.user("\n".join(filter(None, (typed, pictures))), at, native and f"{native}-user")


def time_of(clock: str) -> str:
    """Return the time that Cursor tells the model, `Tuesday, Jul 28, 2026, 12:06 PM (UTC+2)`; empty if it is none."""
    found = _CLOCK(clock.strip())
    if not found or found[1] not in _MONTHS:
        return ""
    month, day, year, hour, minute, half, offset, rest = found.groups()
    hours = int(hour) % 12 + (12 if half == "PM" else 0)
    try:
        local = datetime(int(year), _MONTHS.index(month) + 1, int(day), hours, int(minute), tzinfo=UTC)
        east = timedelta(hours=int(offset or 0), minutes=int(rest or 0) * (-1 if (offset or "").startswith("-") else 1))
        return times.from_datetime(local - east)
    except (ValueError, OverflowError):
        return ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_result(block: Any) -> bool:
    return text(block, "type") in ("tool_result", "tool-result")


def _cut(words: str, tag: str) -> tuple[str, str]:
    """Return what stands in the elements of a name, and the words without these."""
    inside, outside, at = [], [], 0
    opening, closing = f"<{tag}>", f"</{tag}>"
    while (start := words.find(opening, at)) >= 0 and (end := words.find(closing, start)) >= 0:
        outside.append(words[at:start])
        inside.append(words[start + len(opening) : end].strip())
        at = end + len(closing)
    return "\n".join(inside), "".join((*outside, words[at:])).strip()


def _unwrapped(words: str) -> tuple[str, str]:
    """Return what remains of the words behind the elements that they begin with, and these."""
    at = 0
    while (found := _WRAPPER(words, at)) and (end := words.find(closing := f"</{found[1]}>", found.end())) >= 0:
        at = end + len(closing)
    return words[at:].strip(), words[:at].strip()


def _said(block: Block, at: At, id: str, to: Transcript) -> None:
    words = text(block, "text").strip()
    while words.endswith(HIDDEN):
        words = words.removesuffix(HIDDEN).rstrip()
    to.agent(words, at, id)


def _thought(block: Block, at: At, id: str, to: Transcript) -> None:
    words = text(block, "thinking", "text", "reasoning").strip()
    to.thinking(words if words != HIDDEN else "", at, id)


def _call(block: Block, at: At, id: str, to: Transcript) -> None:
    name = text(block, "name", "toolName") or "unknown"
    arguments = next((block[key] for key in ("input", "args", "arguments") if key in block), None)
    to.call(name, arguments, at, text(block, "id", "toolCallId", "tool_use_id"), id, made_by(name, arguments))


def _result(block: Block, at: At, id: str, to: Transcript) -> None:
    native = text(block, "tool_use_id", "toolCallId", "id")
    content = next((block[key] for key in ("content", "result", "output") if block.get(key) is not None), None)
    is_list = isinstance(content, list) and any(text(part, "type") for part in content)
    told = told_by(joined(content) if is_list else content, str)
    found = _EXIT_CODE(told.words)
    to.result(
        told.words,
        at,
        # Where calls have no ids, their results may have some: those belong to the oldest call that waits.
        native if native in to.facts.calls or not any(key.startswith("#") for key in to.facts.calls) else "",
        id,
        text(block, "name", "toolName"),
        is_error=block.get("is_error") is True or block.get("isError") is True,
        exit_code=int(found[1]) if found else told.exit_code,
        diff=told.diff,
        content=told.content,
    )


def _hidden(block: Block, at: At, id: str, to: Transcript) -> None:
    """Give no event for reasoning that is encrypted."""


_HANDLERS: Mapping[str, Callable[[Block, At, str, Transcript], None]] = {
    "text": _said,
    **dict.fromkeys(("thinking", "reasoning"), _thought),
    **dict.fromkeys(("redacted_thinking", "redacted-reasoning"), _hidden),
    **dict.fromkeys(("tool_use", "tool_call", "tool-call"), _call),
    **dict.fromkeys(("tool_result", "tool-result"), _result),
}
