"""The messages of Mux, which are made of parts: words, thoughts, files, and calls with what they gave back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from opensession.hail.actions import FileEdit
from opensession.hail.model import Content, Json
from parsers.diffs import hunks
from parsers.fields import joined, mapping, moment, number, objects, text
from parsers.toolcalls import usual
from parsers.transcript import At, Transcript, Usage

Record = dict[str, Any]

USUAL: Mapping[str, str] = {
    "file_read": "read",
    "file_write": "write",
    **dict.fromkeys(("file_edit_replace_string", "file_edit_replace_lines", "file_edit_insert"), "edit"),
}
"""Tools of Mux by the names that most agents have for them."""

MERGED = frozenset({"text", "reasoning"})
"""Kinds of parts that may be told piece by piece."""


class Messages:
    """Writes the messages of a workspace."""

    def __init__(self, to: Transcript) -> None:
        self._to = to
        self._called: set[str] = set()

    def write(self, messages: Iterable[Record]) -> None:
        for message in messages:
            role, made = text(message, "role") or "no role", self._to.facts.made
            self._to.out.record(role, message)
            handler = {"user": self._take_prompt, "assistant": self._take_answer, "system": self._take_notice}.get(role)
            if handler:
                handler(message, mapping(message, "metadata"))
            if self._to.facts.made == made:
                (self._to.out.ignore if handler else self._to.out.skip)(role)

    def _take_prompt(self, message: Record, told: Record) -> None:
        """Take what the user typed. Of a command, what it stands for is what the model was sent."""
        command = text(mapping(told, "muxMetadata") or mapping(told, "cmuxMetadata"), "rawCommand")
        words, at, native = command or joined(objects(message, "parts")), _at(message), text(message, "id")
        (self._to.system if told.get("synthetic") is True else self._to.user)(words, at, native)

    def _take_notice(self, message: Record, told: Record) -> None:
        self._to.system(joined(objects(message, "parts")), _at(message), text(message, "id"))

    def _take_answer(self, message: Record, told: Record) -> None:
        native, model = text(message, "id"), _model(told)
        provider, _, _ = text(told, "model").partition(":")
        self._to.facts.learn(model=model, provider=provider if model != text(told, "model") else "")
        if told.get("compacted"):
            self._to.compacted(joined(objects(message, "parts")), _at(message), native)
            self._to.tokens(_usage(told), _at(message), native and f"{native}-tokens")
            return
        usage: Usage | None = _usage(told)
        at = _at(message)
        for part in _merged(objects(message, "parts")):
            at = _at(message, part)
            match text(part, "type"):
                case "text":
                    is_said = self._to.agent(text(part, "text"), at, native and f"{native}-text", usage, model)
                    usage = None if is_said else usage
                case "reasoning":
                    self._to.thinking(text(part, "text"), at, native and f"{native}-thinking")
                case "dynamic-tool":
                    self._take_call(part, at)
                case "file":
                    self._to.agent(joined([part]), at, native and f"{native}-file")
                case kind:
                    self._to.out.skip(f"part {kind}"[:80])
        end = At(time=at.time, raw="assistant", group=native)
        if usage:
            self._to.tokens(usage, end, native and f"{native}-tokens")
        if failure := text(told, "error"):
            self._to.custom("error", failure, end, native and f"{native}-error")

    def _take_call(self, part: Record, at: At) -> None:
        """Take a call, once: it is told again where its result came later. A call may have made others itself."""
        name, call_id, given = text(part, "toolName"), text(part, "toolCallId"), part.get("input")
        if not call_id or call_id not in self._called:
            made = usual(USUAL.get(name, name), given)
            if isinstance(made, FileEdit) and (diff := hunks(text(mapping(part, "output"), "diff"))):
                made = FileEdit(path=made.path, diff=diff)
            self._to.call(name, given, at, call_id, action=made)
            self._called.add(call_id)
        for nested in objects(part, "nestedCalls"):
            self._take_call({**nested, "nestedCalls": []}, _nested(at, nested))
        if text(part, "state").startswith("output-"):
            _take_result(part, at, self._to)


def _take_result(part: Record, at: At, to: Transcript) -> None:
    output = part.get("output")
    told = mapping(output)
    words = _words(output)
    to.result(
        words,
        at,
        text(part, "toolCallId"),
        is_error=told.get("success") is False or part.get("failed") is True,
        exit_code=number(told, "exitCode"),
        diff=hunks(text(told, "diff")),
        duration_ms=number(told, "wall_duration_ms"),
        content=None if words or output is None else Content(blocks=(Json(data=_facts(output)),)),
    )


def _facts(output: Any) -> Any:
    """Return what a tool gave back, without the diff that its call has already."""
    return {name: each for name, each in output.items() if name != "diff"} if isinstance(output, dict) else output


def _words(output: Any) -> str:
    """Return the words that a tool gave back; none where it gave only facts."""
    if isinstance(output, str):
        return output
    told = mapping(output)
    parts = (
        text(told, "output", "reportMarkdown", "planContent", "content", "message"),
        joined(objects(told, "content") or objects(told, "value")),
        text(told, "error"),
    )
    return "\n".join(part for part in parts if part)


def _merged(parts: Iterable[Record]) -> list[Record]:
    """Return the parts, those that follow each other as pieces of the same put together."""
    found: list[Record] = []
    for part in parts:
        kind = text(part, "type")
        if found and kind in MERGED and kind == text(found[-1], "type"):
            found[-1] = {**found[-1], "text": f"{_said(found[-1])}{_said(part)}"}
        else:
            found.append(part)
    return found


def _said(part: Record) -> str:
    words = part.get("text")
    return words if isinstance(words, str) else ""


def _at(message: Record, part: Record | None = None) -> At:
    role, kind = text(message, "role"), text(part, "type")
    time = (
        moment(part, "timestamp") or moment(mapping(message, "metadata"), "timestamp") or moment(message, "createdAt")
    )
    return At(time=time or "", raw=f"{role}:{kind}" if kind else role, group=text(message, "id"))


def _nested(at: At, nested: Record) -> At:
    return At(time=moment(nested, "timestamp") or at.time, raw=at.raw, group=at.group)


def _model(told: Record) -> str:
    """Return the model, without the name of who serves it."""
    name = text(told, "model")
    return name.partition(":")[2] or name


def _usage(told: Record) -> Usage:
    counts, native = mapping(told, "usage"), mapping(told, "providerMetadata")
    written = number(mapping(native, "anthropic"), "cacheCreationInputTokens")
    return Usage(
        input_tokens=max(0, number(counts, "inputTokens") or 0),
        output_tokens=max(0, number(counts, "outputTokens") or 0),
        cache_read_tokens=max(0, number(counts, "cachedInputTokens") or 0),
        cache_write_tokens=max(0, written or 0),
        reasoning_tokens=max(0, number(counts, "reasoningTokens") or 0),
    )
