"""The transcripts that Entire keeps of the sessions of other agents: one message per line, results inside of calls.

They lie on a branch of a repository, so they are not looked for. Which agent it was stands in `agent_name`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parsers.base import Match, Sample
from parsers.documents import beside
from parsers.fields import joined, mapping, moment, number, objects, text
from parsers.jsonlines import JsonLinesReader
from parsers.transcript import At, Facts, Transcript, Usage

TOOL = "entire-compact"
VERSION = 1

Record = dict[str, Any]


class EntireCompactParser:
    tool = TOOL

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the version, the agent and the producer that every line carries."""
        records = sample.records
        is_ours = bool(records) and _is_ours(records[0]) and all(record.get("v") == VERSION for record in records)
        return Match(96, "a transcript as Entire keeps it") if is_ours else None

    def reader(self, path: Path) -> EntireCompactReader:
        return EntireCompactReader(path)

    def companions(self, path: Path) -> Sequence[Path]:
        return ()


def _is_ours(record: Record) -> bool:
    is_version = record.get("v") == VERSION and bool(text(record, "agent") or text(record, "cli_version"))
    return is_version and record.get("type") in ("user", "assistant") and "content" in record


class EntireCompactReader(JsonLinesReader):
    tool, schema = TOOL, "entire-compact-jsonl-v1"

    def begin(self) -> Facts:
        """Return what the description beside the transcript tells: of the session itself it says nothing."""
        about = beside(self.path, "metadata.json")
        facts = Facts(session_id=text(about, "session_id"), git_branch=text(about, "branch"))
        facts.learn(model=text(about, "model"))
        return facts

    def take(self, record: Record, kind: str, to: Transcript) -> None:
        """Say what a line means; see `JsonLinesReader.take`."""
        handler = {"user": _take_user, "assistant": _take_answer}.get(kind)
        if handler is None or record.get("v") != VERSION:
            to.out.skip(kind)
            return
        self._learn(record)
        made = len(to.out.events)
        handler(record, At(moment(record, "ts") or "", kind, text(record, "id")), to)
        if len(to.out.events) == made:
            to.out.ignore(kind)

    def _learn(self, record: Record) -> None:
        # Every transcript has the same name; the id of its first message tells sessions apart as well as one of theirs.
        first = next((name for block in _blocks(record) if (name := text(block, "id"))), "")
        self.state.learn(version=text(record, "cli_version"), session_id=text(record, "id") or first)
        if name := text(record, "agent"):
            self.state.attributes.setdefault("agent_name", name)


def _blocks(record: Record) -> list[Record]:
    content = record.get("content")
    return [{"text": content}] if isinstance(content, str) else objects(content)


def _take_user(record: Record, at: At, to: Transcript) -> None:
    for block in _blocks(record):
        to.user(joined(block), At(at.time, at.raw, text(block, "id") or at.group), text(block, "id"))


def _take_answer(record: Record, at: At, to: Transcript) -> None:
    usage = Usage(
        input_tokens=number(record, "input_tokens") or 0,
        output_tokens=number(record, "output_tokens") or 0,
    )
    for block in _blocks(record):
        if _take_block(block, at, to, usage):
            usage = Usage()
    to.tokens(usage, At(at.time, f"{at.raw}:usage", at.group), _id(at, "usage"))


def _take_block(block: Record, at: At, to: Transcript, usage: Usage) -> bool:
    """Say what a block of an answer is, and tell whether it carries the tokens."""
    kind = text(block, "type") or "text"
    at = At(at.time, f"{at.raw}:{kind}", at.group)
    if kind == "tool_use":
        to.call(text(block, "name"), block.get("input"), at, text(block, "id"))
        _take_result(block, at, to)
    elif kind == "thinking":
        to.thinking(text(block, "thinking", "text"), at, _id(at, "thinking"))
    elif words := joined(block):
        return to.agent(words, at, _id(at, "text"), usage)
    elif kind != "text":
        to.out.skip(f"block {kind}")
    return False


def _take_result(block: Record, at: At, to: Transcript) -> None:
    result = mapping(block, "result")
    if result:
        is_error = result.get("status") == "error"
        to.result(joined(result.get("output")), at, text(block, "id"), name=text(block, "name"), is_error=is_error)


def _id(at: At, part: str) -> str:
    return f"{at.group}-{part}" if at.group else ""
