"""gptme: a conversation of one message per line; tools are used in fenced blocks of text (`spec/parsers.md` 2.22)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from parsers.base import Match, Sample
from parsers.fields import amount, joined, mapping, moment, number, text
from parsers.jsonlines import JsonLinesReader
from parsers.transcript import At, Facts, Transcript, Usage

Record = dict[str, Any]
ROLES = frozenset({"system", "user", "assistant", "tool"})
FILE = "conversation.jsonl"

_FENCE = re.compile(r"^```(\S[^\n]*)\n(.*?)^```\s*$", re.DOTALL | re.MULTILINE)
_SHELLS = frozenset({"shell", "bash", "tmux"})


class GptmeReader(JsonLinesReader):
    tool, schema = "gptme", "gptme-jsonl-v1"

    def begin(self) -> Facts:
        return Facts(session_id=self.path.parent.name if self.path.name == FILE else "")

    def kind(self, record: Record) -> str:
        return text(record, "role") or "no role"

    def take(self, record: Record, kind: str, to: Transcript) -> None:
        at = At(time=moment(record, "timestamp") or "", raw=kind)
        if record.get("hide") is True:
            to.out.ignore(kind)
        elif handler := HANDLERS.get(kind):
            handler(record, at, to)
        else:
            to.out.skip(kind)


class GptmeParser:
    tool = GptmeReader.tool

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by messages that have nothing but these fields, in the file that gptme keeps them in."""
        fields = {"role", "content", "timestamp", "pinned", "hide", "files", "file_hashes", "metadata", "call_id"}
        is_plain = bool(sample.records) and all(record.keys() <= fields for record in sample.records)
        is_ours = is_plain and {"role", "content", "timestamp"} <= sample.records[0].keys()
        if not is_ours or not ROLES.issuperset(text(record, "role") for record in sample.records):
            return None
        return Match(90 if sample.name == FILE else 65, "a conversation of plain messages, as gptme keeps them")

    def reader(self, path: Path) -> GptmeReader:
        return GptmeReader(path)

    def companions(self, path: Path) -> Sequence[Path]:
        return ()


def _take_system(record: Record, at: At, to: Transcript) -> None:
    """What a tool gave back is a message of the system where there is no role for it."""
    if to.facts.calls:
        to.result(joined(record.get("content")), at)
    else:
        to.system(joined(record.get("content")), at)


def _take_prompt(record: Record, at: At, to: Transcript) -> None:
    to.user(joined(record.get("content")), at)


def _take_answer(record: Record, at: At, to: Transcript) -> None:
    told = mapping(record, "metadata")
    counts = mapping(told, "usage")
    usage = Usage(
        input_tokens=max(0, number(counts, "input_tokens") or 0),
        output_tokens=max(0, number(counts, "output_tokens") or 0),
        cache_read_tokens=max(0, number(counts, "cache_read_tokens") or 0),
        cache_write_tokens=max(0, number(counts, "cache_creation_tokens") or 0),
        cost_usd=max(0.0, amount(told, "cost")),
    )
    words = joined(record.get("content"))
    if not to.agent(words, at, usage=usage, model=text(told, "model").rpartition("/")[2]):
        to.tokens(usage, at)
    for fence in _FENCE.finditer(words):
        _take_fence(fence[1].strip(), fence[2], at, to)


def _take_fence(named: str, code: str, at: At, to: Transcript) -> None:
    """A block that names one of gptme's tools is a call: the tool, and for files the path."""
    name, _, path = named.partition(" ")
    if name in _SHELLS:
        to.call(name, {"command": code.strip()}, at)
    elif name in ("save", "append") and path:
        to.call("write" if name == "save" else "edit", {"path": path, "content": code}, at)
    elif name in ("patch", "morph") and path:
        to.call("patch", {"path": path, "diff": code}, at)
    elif name in ("ipython", "browser"):
        to.call(name, {"code": code}, at)


def _take_tool(record: Record, at: At, to: Transcript) -> None:
    to.result(joined(record.get("content")), at)


HANDLERS: Mapping[str, Callable[[Record, At, Transcript], None]] = {
    "system": _take_system,
    "user": _take_prompt,
    "assistant": _take_answer,
    "tool": _take_tool,
}
