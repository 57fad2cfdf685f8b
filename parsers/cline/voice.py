"""What both records of a task, and the sessions of the new Cline, are told with: calls, results and tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from opensession.hail.actions import ToolCall
from parsers.cline.pieces import Piece
from parsers.cline.tools import SUMMARIES, WORDS, actions, spoken
from parsers.fields import mapping, number, text
from parsers.transcript import MAX_CALLS, At, Transcript, Usage

_EXIT = re.compile(r"[Ee]xit code:? (-?[0-9]{1,9})\b")
_EXIT_WITHIN = 2000
"""Characters of a result in which an exit code is looked for: what a command wrote comes behind it."""


def usage_of(counts: Mapping[str, Any]) -> Usage | None:
    """Return the tokens of a response, by whichever names the record counts them."""
    tokens = mapping(counts, "tokens") or counts
    found = Usage(
        input_tokens=_count(tokens, "tokensIn", "inputTokens", "promptTokens", "prompt", "input_tokens"),
        output_tokens=_count(tokens, "tokensOut", "outputTokens", "completionTokens", "completion", "output_tokens"),
        cache_read_tokens=_count(tokens, "cacheReads", "cacheReadTokens", "cachedTokens", "cached"),
        cache_write_tokens=_count(tokens, "cacheWrites", "cacheWriteTokens"),
        cost_usd=_cost(counts, "cost", "totalCost"),
    )
    return found if found.attributes() else None


def _count(counts: Mapping[str, Any], *keys: str) -> int:
    return max(number(counts, *keys) or 0, 0)


def _cost(counts: Mapping[str, Any], *keys: str) -> float:
    found = next((counts[key] for key in keys if isinstance(counts.get(key), int | float)), 0.0)
    return float(found) if not isinstance(found, bool) and 0 < found < 1e9 else 0.0


class Voice:
    """Tells pieces. The tokens of a response go with the first words of the agent, or stand alone."""

    def __init__(self, to: Transcript) -> None:
        self.to = to
        self._usage: tuple[Usage, At] | None = None
        self._names: dict[str, str] = {}
        self._waiting: list[tuple[str, str]] = []
        self._made = 0
        self.has_usage = False

    def owes(self, usage: Usage | None, at: At) -> None:
        """Take the tokens of the response that follows."""
        self.settle()
        if usage:
            self._usage, self.has_usage = (usage, at), True

    def owes_instead(self, usage: Usage, at: At) -> None:
        """Take the tokens that the message itself tells: they are the same that its request told."""
        self._usage, self.has_usage = (usage, at), True

    def settle(self, at: At | None = None) -> None:
        """Tell the tokens that no words took, with the message whose they are if it is known."""
        if self._usage:
            self.to.tokens(self._usage[0], at or self._usage[1])
        self._usage = None

    def answers(self) -> None:
        """Another response begins: calls in tags that have no result by now will never have one."""
        self._waiting, self._made = [], 0

    def tell(self, piece: Piece, at: At, base: str, model: str = "") -> None:
        """Tell a piece of a message whose events are called after `base`."""
        match piece.kind:
            case "user":
                self.user(piece.words, at, f"{base}-text")
            case "agent":
                self.agent(piece.words, at, f"{base}-text", model)
            case "thinking":
                self.to.thinking(piece.words, at, f"{base}-thinking")
            case "system":
                self.to.system(piece.words, at, f"{base}-system")
            case "summary":
                self.to.compacted(piece.words, at, f"{base}-summary")
            case "call":
                self._call(piece, at, base, model)
            case _:
                self._result(piece, at, base)

    def user(self, words: str, at: At, id: str) -> None:
        """Tell what the user said. A picture is no part of a title."""
        self.to.facts.learn(said=words.partition("\n[image ")[0])
        self.to.user(words, at, id)

    def agent(self, words: str, at: At, id: str, model: str = "") -> None:
        usage = self._usage[0] if self._usage else None
        if self.to.agent(words, at, id, usage, model):
            self._usage = None

    def _call(self, piece: Piece, at: At, base: str, model: str) -> None:
        name = piece.name or "unknown"
        if piece.id:
            self._names[piece.id] = name
        if name in WORDS:
            self.agent(spoken(name, piece.arguments), at, f"{base}-text", model)
        elif name in SUMMARIES and (summary := text(piece.arguments, "context")):
            self.to.compacted(summary, at, f"{base}-summary")
        else:
            self._do(name, piece, at, base)

    def _do(self, name: str, piece: Piece, at: At, base: str) -> None:
        call = piece.id or f"{base}-call-{self._made + 1}"
        if not piece.id:
            self._made += 1
            self._waiting = [*self._waiting[1 - MAX_CALLS :], (name, call)]
        for action in actions(name, piece.arguments):
            made = ToolCall(name=name) if isinstance(action, ToolCall) else action
            self.to.call(name, piece.arguments, at, call, "" if piece.id else call, made)

    def _result(self, piece: Piece, at: At, base: str) -> None:
        name = piece.name or self._names.get(piece.id, "")
        if name in WORDS:
            self._answer(piece, at, base)
            return
        exit_code = _EXIT.search(piece.words, 0, _EXIT_WITHIN) if "command" in name else None
        self.to.result(
            piece.words,
            at,
            piece.id or self._asked(piece.name),
            "" if piece.id else f"{base}-result",
            name,
            piece.is_error,
            int(exit_code[1]) if exit_code else None,
        )

    def _answer(self, piece: Piece, at: At, base: str) -> None:
        """Tell what came back when the agent had spoken to the user: the user's words are told apart from it."""
        if piece.words.strip() and not any(f"<{tag}>" in piece.words for tag in ("user_message", "feedback", "answer")):
            self.to.system(piece.words, at, f"{base}-system")

    def _asked(self, name: str) -> str:
        """Return the call in tags that a result answers: the first of its name."""
        at = next((at for at, (asked, _) in enumerate(self._waiting) if asked == name), None)
        return "" if at is None else self._waiting.pop(at)[1]
