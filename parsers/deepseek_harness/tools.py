"""The tools that DeepSeek Harness used, what they gave back, and who allowed it."""

from __future__ import annotations

import re
from typing import Any

from parsers.deepseek_harness.progress import Progress, id_of
from parsers.diffs import unified
from parsers.fields import items, joined, mapping, number, objects, text, unquoted
from parsers.transcript import At, Transcript

MOST_NUMBERS = 64
"""Calls whose event number is kept, for results that name it instead of the call."""

_EXIT_CODE = re.compile(r"\[exit code: (-?[0-9]{1,9})\]\s*$")


def call(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    data = mapping(event, "data")
    call_id, seq = text(data, "callId"), number(event, "seq")
    to.call(text(data, "name"), unquoted(data.get("arguments")), at, call_id)
    if call_id and seq is not None:
        state.numbers[seq] = call_id
    if len(state.numbers) > MOST_NUMBERS:
        del state.numbers[next(iter(state.numbers))]


def result(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    data = mapping(event, "data")
    message = mapping(data, "message")
    block: dict[str, Any] = next(iter(objects(message, "content")), {})
    call_id = text(data, "callId") or text(mapping(message, "source"), "callId") or text(block, "toolCallId")
    told = data if "content" in data else block if text(block, "type") == "tool-result" else message
    error = mapping(data, "error")
    words = joined(told.get("content")) or ": ".join(part for key in ("name", "code") if (part := text(error, key)))
    _returned(words, told, at, to, call_id or _numbered(event, state), bool(error), _diffs(data))


def _numbered(event: dict[str, Any], state: Progress) -> str:
    """Return the call that a result names by the number of its event."""
    sources = items(event, "sourceEventSeqs")
    return next((state.numbers[seq] for seq in sources if isinstance(seq, int) and seq in state.numbers), "")


def _diffs(data: dict[str, Any]) -> str:
    changed = objects(data, "meta", "diffs")
    return "".join(unified(text(change, "oldText"), text(change, "newText")) for change in changed)


def _returned(
    words: str, told: dict[str, Any], at: At, to: Transcript, call_id: str, is_error: bool = False, diff: str = ""
) -> None:
    code = _EXIT_CODE.search(words)
    to.result(
        words,
        at,
        call_id,
        is_error=is_error or told.get("isError") is True,
        exit_code=int(code[1]) if code else None,
        diff=diff,
    )


def inner_call(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    """Take a call that a program of the agent made, not the agent itself."""
    data = mapping(event, "data")
    marks = {"parent_call_id": parent} if (parent := text(data, "parentCallId")) else {}
    to.call(text(data, "name"), data.get("arguments"), at, text(data, "subCallId"), marks=marks)


def inner_result(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    data = mapping(event, "data")
    _returned(joined(data.get("content")), data, at, to, text(data, "subCallId"))


def asked(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    data = mapping(event, "data")
    to.system(f"approval asked for {text(data, 'toolName')}: {text(data, 'reason')}", at, id_of(event, {}))


def decided(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    to.system(f"approval: {text(mapping(event, 'data'), 'outcome')}", at, id_of(event, {}))


def hook(event: dict[str, Any], at: At, to: Transcript, state: Progress) -> None:
    """Take what a hook decided; one that lets pass is no news."""
    data = mapping(event, "data")
    words = text(data, "stderrSummary", "stdoutSummary", "reason")
    if text(data, "decision") in ("pass", "") and not words:
        to.out.ignore(at.raw)
    else:
        to.system(f"{text(data, 'point')} hook: {text(data, 'decision')}: {words}", at, id_of(event, {}))
