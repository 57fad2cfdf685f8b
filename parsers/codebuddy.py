"""CodeBuddy Code, and WorkBuddy which writes the same: one JSON object per line, in the shapes of OpenAI's agent kit.

The folders are those of Claude Code, with the logs of subagents in a folder named after the session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import field

from parsers.base import MAIN, Match, Sample
from parsers.fields import items, joined, mapping, moment, number, text, unquoted
from parsers.jsonlines import JsonLinesReader
from parsers.transcript import At, Facts, Transcript, Usage

TOOL, SCHEMA = "codebuddy", "codebuddy-jsonl-v1"
SILENT = frozenset({"file-history-snapshot", "session-meta"})
"""Records that tell nothing that happened: settings and snapshots."""
MAX_COUNTED = 64
"""Responses whose tokens are known to be counted. All lines of one stand together."""
_ECHOED = ("<command-", "<local-command", "<system-reminder", "<bash-", "Caveat:")
"""How text begins that the program wrote in the name of the user: commands, and what they printed."""
_OURS = frozenset({"function_call", "function_call_result", "message", "reasoning"})


class State(Facts):
    """`counted` are the responses whose tokens were told, the latest last."""

    counted: list[str] = field(default_factory=list)


class CodeBuddyReader(JsonLinesReader):
    tool, schema = TOOL, SCHEMA

    def begin(self) -> Facts:
        """Return the state at the start of a log; a subagent's is of the session in whose folder it lies."""
        above = self.path.parent
        return State(session_id=above.parent.name if above.name == "subagents" else "")

    def strand(self) -> str:
        return self.path.stem if self.path.parent.name == "subagents" else MAIN

    def take(self, record: dict[str, Any], kind: str, to: Transcript) -> None:
        """Say what a record means; see `JsonLinesReader.take`."""
        data = mapping(record, "providerData")
        to.facts.learn(
            session_id=text(record, "sessionId"),
            cwd=text(record, "cwd"),
            model=text(data, "model", "requestModelId"),
            version=text(record, "version"),
        )
        handler = _HANDLERS.get(kind)
        if handler is None:
            (to.out.ignore if kind in SILENT else to.out.skip)(kind)
            return
        at = At(time=moment(record, "timestamp") or "", raw=kind, group=text(data, "messageId") or text(record, "id"))
        made = to.facts.made
        handler(record, at, to)
        if to.facts.made == made:
            to.out.ignore(kind)


class CodeBuddyParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the records of OpenAI's agent kit, in lines that name a session as Claude Code does."""
        if any(_is_ours(record) for record in sample.records):
            return Match(95, "items of CodeBuddy with their session")
        return None

    def reader(self, path: Path) -> CodeBuddyReader:
        return CodeBuddyReader(path)

    def companions(self, path: Path) -> Sequence[Path]:
        """Return the logs of the session's subagents, in path order."""
        return sorted(path.with_suffix("").joinpath("subagents").glob("*.jsonl"))


def _is_ours(record: dict[str, Any]) -> bool:
    return text(record, "type") in _OURS and "sessionId" in record and ("providerData" in record or "callId" in record)


def _take_message(record: dict[str, Any], at: At, to: Transcript) -> None:
    words, role, name = _words(record), text(record, "role"), text(record, "id")
    usage = _usage(record, to)
    if role == "assistant":
        said = to.agent(words, at, name, usage, text(mapping(record, "providerData"), "model"))
        usage = None if said else usage
    elif role == "user" and not words.lstrip().startswith(_ECHOED):
        to.user(_from_teammate(words), at, name)
    else:
        to.system(words, at, name)
    _tell(usage, at, to)


def _words(record: dict[str, Any]) -> str:
    content = record.get("content")
    if not isinstance(content, list):
        return joined(content) if isinstance(content, str) else ""
    parts = (_picture(each) if isinstance(each, dict) else "" for each in content)
    return "\n".join(part or joined([each]) for part, each in zip(parts, content, strict=True)).strip()


def _picture(block: dict[str, Any]) -> str:
    """Return what stands for a picture, whose bytes lie in a file elsewhere."""
    if text(block, "type") != "image_blob_ref":
        return ""
    size = number(block, "size")
    facts = [text(block, "mime") or "image", *([f"{size} bytes"] if size else [])]
    return f"[image {', '.join(facts)}]"


def _from_teammate(words: str) -> str:
    """Return what a subagent is told to do without the tag that names who tells it."""
    if not words.lstrip().startswith("<teammate-message"):
        return words
    return words.partition(">")[2].rpartition("</teammate-message>")[0] or words


def _take_thought(record: dict[str, Any], at: At, to: Transcript) -> None:
    thought = joined(items(record, "rawContent")) or joined(items(record, "content"))
    to.thinking(thought or joined(items(record, "summary")), at, text(record, "id"))


def _take_call(record: dict[str, Any], at: At, to: Transcript) -> None:
    call = text(record, "callId")
    to.call(text(record, "name"), unquoted(record.get("arguments")), at, call, "" if call else text(record, "id"))
    _tell(_usage(record, to), at, to)


def _take_result(record: dict[str, Any], at: At, to: Transcript) -> None:
    output = record.get("output")
    words = joined(output) if not isinstance(output, dict) else text(output, "text") or joined([output])
    is_error = text(record, "status") in ("failed", "error", "incomplete")
    to.result(words, at, text(record, "callId"), name=text(record, "name"), is_error=is_error)


def _take_title(record: dict[str, Any], at: At, to: Transcript) -> None:
    to.facts.title = text(record, "topic", "title", "aiTitle") or to.facts.title


def _take_summary(record: dict[str, Any], at: At, to: Transcript) -> None:
    words = text(record, "summary") or _words(record)
    if words:
        to.compacted(words, at, text(record, "id"))
    _tell(_usage(record, to), at, to)


def _tell(usage: Usage | None, at: At, to: Transcript) -> None:
    if usage:
        to.tokens(usage, at)


def _usage(record: dict[str, Any], to: Transcript) -> Usage | None:
    """Return the tokens of a response with the first of its lines that tells them."""
    data = mapping(record, "providerData")
    counts = mapping(data, "rawUsage") or mapping(data, "usage") or mapping(record, "message", "usage")
    response = text(data, "messageId") or text(record, "id")
    state = to.facts
    if not counts or not isinstance(state, State) or response in state.counted:
        return None
    state.counted = [*state.counted[1 - MAX_COUNTED :], response] if response else state.counted
    return Usage(
        input_tokens=_most(counts, "prompt_tokens", "inputTokens", "input_tokens"),
        output_tokens=_most(counts, "completion_tokens", "outputTokens", "output_tokens"),
        cache_read_tokens=_most(counts, "prompt_cache_hit_tokens", "cache_read_input_tokens", "cached_tokens"),
        cache_write_tokens=_most(counts, "cache_creation_input_tokens", "prompt_cache_write_tokens"),
        reasoning_tokens=_most(counts, "completion_thinking_tokens"),
    )


def _most(counts: Mapping[str, Any], *keys: str) -> int:
    """Return the one name's count that is set: the others of a response are there too, and zero."""
    return max(0, *(number(counts, key) or 0 for key in keys), 0)


_HANDLERS: Mapping[str, Callable[[dict[str, Any], At, Transcript], None]] = {
    "message": _take_message,
    "reasoning": _take_thought,
    "function_call": _take_call,
    "function_call_result": _take_result,
    **dict.fromkeys(("topic", "ai-title"), _take_title),
    "summary": _take_summary,
}
