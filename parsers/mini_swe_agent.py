"""mini-SWE-agent: the messages of one attempt, as the model's interface has them (`spec/parsers.md` 2.22)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from parsers.base import Match, Sample
from parsers.documents import OneThread, load_object
from parsers.fields import amount, joined, mapping, moment, number, objects, text, unquoted
from parsers.transcript import At, Transcript, Usage

Record = dict[str, Any]

_FENCE = re.compile(r"```(?:bash|mswea_bash_command)\n(.*?)```", re.DOTALL)
_RETURNED = re.compile(r"\s*<returncode>(-?\d{1,9})</returncode>\s*(?:<output>\n?(.*?)</output>)?", re.DOTALL)


class MiniSweAgentParser(OneThread):
    tool, schema = "mini-swe-agent", "mini-swe-agent-json-v1"

    def recognises(self, sample: Sample) -> Match | None:
        """Tell by the name of the format, or by the version in what is said of the attempt."""
        told = sample.document if isinstance(sample.document, dict) else {}
        is_named = text(told, "trajectory_format").startswith("mini-swe-agent")
        is_ours = is_named or bool(text(mapping(told, "info"), "mini_version"))
        return Match(97, "a trajectory of mini-SWE-agent") if is_ours and "messages" in told else None

    def fill(self, path: Path, to: Transcript) -> None:
        """Tell the messages, and what the attempt cost; see `OneThread.fill`."""
        told = load_object(path)
        to.out.document(told)
        info, facts = mapping(told, "info"), to.facts
        facts.session_id = text(told, "instance_id")
        facts.version = text(info, "mini_version")
        name = text(mapping(info, "config", "model"), "model_name")
        facts.model, facts.provider = name.rpartition("/")[2], name.partition("/")[0] if "/" in name else ""
        facts.cwd = text(mapping(info, "config", "environment"), "cwd")
        for place, message in enumerate(objects(told, "messages")):
            _Message(message, place, to).tell()
        _take_end(info, to)


class _Message:
    """One message of the attempt."""

    def __init__(self, message: Record, place: int, to: Transcript) -> None:
        self._message, self._to, self._name = message, to, f"m{place}"
        self._role = text(message, "role") or "no role"
        self._words = joined(message.get("content"))
        extra = mapping(message, "extra")
        time = (
            moment(extra, "timestamp") or moment(mapping(extra, "response"), "created") or moment(message, "timestamp")
        )
        self._at = At(time=time or "", raw=self._role, group=self._name)

    def tell(self) -> None:
        self._to.out.record(self._role, self._message)
        match self._role:
            case "system":
                self._to.out.ignore("system")
            case "user" if not self._to.facts.said:
                self._to.user(self._words, self._at, self._name)
            case "user" | "tool":
                self._result()
            case "assistant":
                self._answer()
            case "exit":
                self._exit()
            case other:
                self._to.out.skip(other)

    def _answer(self) -> None:
        to, told = self._to, mapping(self._message, "extra", "response", "usage")
        usage = Usage(
            input_tokens=max(0, number(told, "prompt_tokens") or 0),
            output_tokens=max(0, number(told, "completion_tokens") or 0),
            cache_read_tokens=max(0, number(told, "prompt_cache_hit_tokens") or 0),
        )
        to.thinking(text(self._message, "reasoning_content"), self._at, f"{self._name}-thinking")
        calls = objects(self._message, "tool_calls")
        if not to.agent(self._words, self._at, self._name, usage):
            to.tokens(usage, self._at, self._name)
        for call in calls:
            self._call(call)
        if not calls and (found := _FENCE.search(self._words)):
            to.call("bash", {"command": found[1].strip()}, self._at, id=f"{self._name}-call")

    def _call(self, call: Record) -> None:
        function = mapping(call, "function")
        self._to.call(text(function, "name"), unquoted(function.get("arguments")), self._at, text(call, "id"))

    def _result(self) -> None:
        extra = mapping(self._message, "extra")
        wrapped = _RETURNED.match(self._words)
        code = number(extra, "returncode")
        if code is None and wrapped:
            code = int(wrapped[1])
        words = text(extra, "raw_output") or (wrapped[2] if wrapped and wrapped[2] else self._words)
        self._to.result(words, self._at, text(self._message, "tool_call_id"), id=f"{self._name}-result", exit_code=code)

    def _exit(self) -> None:
        status = text(mapping(self._message, "extra"), "exit_status")
        self._to.custom("submission", self._words, self._at, self._name, {"exit_status": status} if status else None)


def _take_end(info: Record, to: Transcript) -> None:
    to.out.record("info", info)
    cost = max(0.0, amount(mapping(info, "model_stats"), "instance_cost"))
    to.totals(Usage(cost_usd=cost), At(raw="info"))
