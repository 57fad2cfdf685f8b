"""Token counts. As logged, input tokens of Codex include the cached ones; these are told apart as cache reads.

Running totals go on in a fork where the parent's ended. They are given without the parent's share, so that the same
tokens are not counted in both sessions. Rollouts repeat a count now and then: cache tokens are therefore the growth of
their running total, where there is one.
"""

from __future__ import annotations

from typing import Any, TypeGuard

from opensession.hail.actions import Custom
from opensession.hail.model import EMPTY
from parsers.codex.line import DESKTOP, Line, source

INPUT = ("input_tokens", "prompt_tokens", "inputTokens", "promptTokens", "token_input", "tokenInput")
OUTPUT = ("output_tokens", "completion_tokens", "outputTokens", "completionTokens", "token_output", "tokenOutput")

MOST = 2**63 - 1

CACHE = (("cache_read_tokens", "cached_input_tokens"), ("cache_write_tokens", "cache_write_input_tokens"))
"""Our attribute and the name in the log."""


def read_token_count(line: Line) -> None:
    """Emit the tokens of one model call and the totals so far; nothing when the record holds only rate limits."""
    info = line.payload.info if isinstance(line.payload.info, dict) else {}
    last, total = (
        _object(info, "last_token_usage", "lastTokenUsage"),
        _object(info, "total_token_usage", "totalTokenUsage"),
    )
    usages = [last, total] if info else _outer(line)
    counts = {
        "input_tokens": _first(usages, INPUT),
        "output_tokens": _first(usages, OUTPUT),
        **_own_totals(line, _count(total, INPUT), _count(total, OUTPUT)),
    }
    known = {name: count for name, count in counts.items() if count is not None}
    if known:
        known |= _cache(line, last, total)
        line.emit(Custom(kind="token_count"), EMPTY, source(DESKTOP, "event_msg:token_count") | known, line.turn())


def _outer(line: Line) -> list[dict[str, Any]]:
    """Return where early rollouts keep the tokens: in the payload itself, or in its `usage`."""
    told = line.record.whole()
    return [told, _object(told, "usage")]


def _object(holder: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        if isinstance(value := holder.get(name), dict):
            return value
    return {}


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= MOST


def _count(usage: dict[str, Any], names: tuple[str, ...]) -> int | None:
    for name in names:
        value = usage.get(name)
        if _is_count(value):
            return value
    return None


def _first(usages: list[dict[str, Any]], names: tuple[str, ...]) -> int | None:
    for usage in usages:
        if (count := _count(usage, names)) is not None:
            return count
    return None


def _own_totals(line: Line, input_total: int | None, output_total: int | None) -> dict[str, int | None]:
    """Return the totals without what a forked parent had used when it was copied."""
    usage = line.state.usage
    totals = {"input_tokens_total": input_total, "output_tokens_total": output_total}
    if line.state.is_replaying:
        usage.parent_input = input_total or usage.parent_input
        usage.parent_output = output_total or usage.parent_output
        return totals
    if not usage.parent_input and not usage.parent_output:
        return totals
    parts = ((input_total, usage.parent_input), (output_total, usage.parent_output))
    if any(total is not None and total < parent for total, parent in parts):
        # Totals below the parent's do not go on from it: the count began anew.
        usage.parent_input = usage.parent_output = 0
        return totals
    own = (None if total is None else total - parent for total, parent in parts)
    return dict(zip(totals, own, strict=True))


def _cache(line: Line, last: dict[str, Any], total: dict[str, Any]) -> dict[str, int]:
    usage, tokens = line.state.usage, dict[str, int]()
    for attribute, name in CACHE:
        running, count = total.get(name), last.get(name)
        if _is_count(running):
            seen = usage.cached.get(attribute, 0)
            count = running - seen if running >= seen else running
            usage.cached[attribute] = running
        if _is_count(count) and count:
            tokens[attribute] = count
    return tokens
