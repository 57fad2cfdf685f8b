"""What both generations of Kimi's wire have in common: parts that make up a message, and tokens told after it."""

from __future__ import annotations

from typing import Any

from parsers.base import Amendment
from parsers.fields import number
from parsers.transcript import At, Transcript, Usage

_COUNTED = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")


class Wire:
    """Writes the messages of one agent. A message is what follows each other as parts of one kind."""

    def __init__(self, to: Transcript) -> None:
        self.to = to
        self.model = ""
        self._parts: list[str] = []
        self._kind, self._native, self._at = "", "", At()
        self._answer = -1

    def part(self, kind: str, words: str, at: At, native: str = "") -> None:
        """Add a part of what the agent thinks (`think`) or says."""
        if kind != self._kind or at.group != self._at.group:
            self.flush()
            self._kind, self._native, self._at = kind, native, at
        self._parts.append(words)

    def flush(self) -> None:
        """Write the message that the parts make up."""
        words, self._parts, kind, self._kind = "".join(self._parts), [], self._kind, ""
        if kind == "think":
            self.to.thinking(words, self._at, self._native)
        elif words and self.to.agent(words, self._at, self._native, model=self.model) and self._answer < 0:
            self._answer = self.to.out.first + len(self.to.out.events) - 1

    def step(self) -> None:
        """A new response of the model begins."""
        self.flush()
        self._answer = -1

    def spend(self, usage: Usage | None, at: At, native: str = "") -> None:
        """Write the tokens of the response, to its first message if it has one."""
        self.flush()
        if usage is None:
            return
        if self._answer < 0:
            self.to.tokens(usage, at, native and f"{native}-tokens")
            return
        marks = usage.attributes()
        totals = {name: marks[name] for name in _COUNTED if name in marks}
        self.to.out.amend(Amendment(self._answer, attributes=marks, totals=totals))
        self._answer = -1


def usage_of(told: dict[str, Any]) -> Usage | None:
    """Return the tokens of a response. Kimi tells the input in three parts, that from a cache is one of them."""
    if not told:
        return None
    read = number(told, "inputCacheRead", "input_cache_read") or 0
    written = number(told, "inputCacheCreation", "input_cache_creation") or 0
    usage = Usage(
        input_tokens=(number(told, "inputOther", "input_other", "input_tokens") or 0) + read + written,
        output_tokens=number(told, "output", "output_tokens") or 0,
        cache_read_tokens=read,
        cache_write_tokens=written,
    )
    return usage if usage.attributes() else None
