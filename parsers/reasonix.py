"""Reasonix: a transcript of one JSON object per line, the first with the model and the task (`spec/parsers.md` 2.8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from parsers.base import Match, Sample
from parsers.fields import amount, decoded, mapping, moment, number, text
from parsers.jsonlines import JsonLinesReader
from parsers.transcript import At, Transcript, Usage

Record = dict[str, Any]
ROLES = frozenset({"_meta", "user", "assistant_final", "tool"})


class ReasonixReader(JsonLinesReader):
    tool, schema = "reasonix", "reasonix-jsonl-v1"

    def kind(self, record: Record) -> str:
        return text(record, "role") or "no role"

    def take(self, record: Record, kind: str, to: Transcript) -> None:
        turn = number(record, "turn")
        at = At(time=moment(record, "ts") or "", raw=kind, group=f"turn-{turn}" if turn is not None else "")
        if handler := HANDLERS.get(kind):
            handler(record, at, to)
        else:
            to.out.skip(kind)


class ReasonixParser:
    tool = ReasonixReader.tool

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the roles, which no other agent has, and by the line of facts."""
        roles = [text(record, "role") for record in sample.records]
        is_ours = "_meta" in roles[:1] or ("assistant_final" in roles and ROLES.issuperset(roles))
        return Match(95, "roles of Reasonix") if is_ours else None

    def reader(self, path: Path) -> ReasonixReader:
        return ReasonixReader(path)

    def companions(self, path: Path) -> Sequence[Path]:
        return ()


def _take_facts(record: Record, at: At, to: Transcript) -> None:
    told = mapping(record, "meta")
    to.facts.learn(model=text(told, "model"), title=text(told, "task"), created=moment(told, "startedAt"))
    to.out.ignore("_meta")


def _take_prompt(record: Record, at: At, to: Transcript) -> None:
    to.user(text(record, "content"), at)


def _take_answer(record: Record, at: At, to: Transcript) -> None:
    told = mapping(record, "usage")
    usage = Usage(
        input_tokens=number(told, "prompt_tokens") or 0,
        output_tokens=number(told, "completion_tokens") or 0,
        cache_read_tokens=number(told, "prompt_cache_hit_tokens") or 0,
        cost_usd=amount(record, "cost"),
    )
    to.thinking(text(record, "reasoning", "reasoning_content"), at)
    if not to.agent(text(record, "content"), at, usage=usage, model=text(record, "model")):
        to.tokens(usage, at)


def _take_tool(record: Record, at: At, to: Transcript) -> None:
    """A call and what it gave back are one record."""
    arguments = record.get("args")
    to.call(text(record, "tool"), decoded(arguments) if isinstance(arguments, str) else arguments, at)
    to.result(text(record, "content"), at)


HANDLERS: Mapping[str, Callable[[Record, At, Transcript], None]] = {
    "_meta": _take_facts,
    "user": _take_prompt,
    "assistant_final": _take_answer,
    "tool": _take_tool,
}
